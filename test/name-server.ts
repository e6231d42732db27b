/** A real name server for tests: answers over UDP on 127.0.0.1 what it is told to, or nothing at all. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";

/**
 * What it says of a name: its addresses (none: the name is there and has no address), that there is no such name,
 * that it cannot tell, or nothing, for ever.
 */
export type NameAnswer = readonly string[] | "no-such-name" | "failure" | "silence";

export interface NameServer {
  /** As `127.0.0.1:port`. */
  readonly address: string;
  /** Every question, as `A name` or `AAAA name`. */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

export interface NameServerOptions {
  /** Asked for every question, so it may say something else each time. */
  readonly answer: (name: string, family: 4 | 6) => NameAnswer;
  readonly ttlS?: number;
}

const HEADER_BYTES = 12;
const [TYPE_A, TYPE_AAAA] = [1, 28];
const STATUS = { "no-such-name": 3, failure: 2 } as const;

export async function startNameServer({ answer, ttlS = 0 }: NameServerOptions): Promise<NameServer> {
  const questions: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, sender) => {
    const question = readQuestion(message);
    const family = question.type === TYPE_A ? 4 : question.type === TYPE_AAAA ? 6 : null;
    questions.push(`${family === 6 ? "AAAA" : "A"} ${question.name}`);
    const said = family === null ? [] : answer(question.name, family);
    if (said !== "silence")
      socket.send(compose(message, question, said, family, ttlS), sender.port, sender.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    async close() {
      socket.close();
      await once(socket, "close");
    },
  };
}

interface Question {
  readonly name: string;
  readonly type: number;
  readonly endsAt: number;
}

/** RFC 1035, section 4.1.2. */
function readQuestion(message: Buffer): Question {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), endsAt: at + 5 };
}

function compose(
  message: Buffer,
  { type, endsAt }: Question,
  said: Exclude<NameAnswer, "silence">,
  family: 4 | 6 | null,
  ttlS: number,
): Buffer {
  const addresses = typeof said === "string" ? [] : said.filter((one) => isIPv4(one) === (family === 4));
  const head = Buffer.from(message.subarray(0, endsAt));
  // It is an answer, and recursion is to be had; then the status, and how many records of each kind follow.
  head.writeUInt16BE(0x8180 | (typeof said === "string" ? STATUS[said] : 0), 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const records = addresses.map((address) => {
    const bytes = bytesOf(address);
    const record = Buffer.alloc(HEADER_BYTES);
    // 0xc00c: the name stands at byte 12, in the question.
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(ttlS, 6);
    record.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([head, ...records]);
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [before = "", after] = address.split("::");
  const left = before.split(":").filter(Boolean);
  const right = (after ?? "").split(":").filter(Boolean);
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}
