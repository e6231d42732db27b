/** One connection to a server under load, on a bare socket: one request at a time, and of its answer what counts. */
import { once } from "node:events";
import { connect } from "node:net";

export interface Connection {
  /** `onAnswer` is called when the whole answer has come. The bytes must stay as they are until then. */
  send(bytes: Buffer, onAnswer: (answer: Answer) => void): void;
  /** False after the server ended it while nothing was asked, as servers do with connections that idle. */
  isOpen(): boolean;
  close(): void;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";
const STATUS_AT = "HTTP/1.1 ".length;

/** `onError`: the connection broke with a request under way, or the answer is no HTTP. */
export async function openConnection(port: number, onError: (error: Error) => void): Promise<Connection> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  let isClosed = false;
  let rest: Buffer | null = null;
  let waiting: ((answer: Answer) => void) | null = null;

  function fail(reason: string): void {
    if (isClosed) return;
    isClosed = true;
    socket.destroy();
    if (waiting !== null) onError(new Error(`The connection to port ${port} ${reason}.`));
  }

  socket.on("error", (error) => fail(`broke: ${error.message}`));
  socket.on("close", () => fail("was closed"));
  socket.on("data", (chunk: Buffer) => {
    rest = rest === null ? chunk : Buffer.concat([rest, chunk]);
    const answer = readAnswer(rest);
    if (answer === "partial") return;
    if (answer === "unreadable" || waiting === null) return fail(`said what is no answer: ${rest}`);
    const onAnswer = waiting;
    rest = null;
    waiting = null;
    onAnswer(answer);
  });

  return {
    send(bytes, onAnswer) {
      waiting = onAnswer;
      socket.write(bytes);
    },
    isOpen: () => !isClosed,
    close() {
      isClosed = true;
      socket.destroy();
    },
  };
}

function readAnswer(bytes: Buffer): Answer | "partial" | "unreadable" {
  const headEnd = bytes.indexOf(HEAD_END, 0, "latin1");
  if (headEnd < 0) return "partial";
  const head = bytes.toString("latin1", 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) return "unreadable";
  const end = headEnd + HEAD_END.length + Number(length);
  if (bytes.length < end) return "partial";
  const status = Number(head.slice(STATUS_AT, STATUS_AT + 3));
  return { status, body: bytes.subarray(headEnd + HEAD_END.length, end) };
}
