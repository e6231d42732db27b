/** Reads requests out of a connection's bytes, and of each only what the log needs. */

export interface RequestReader {
  /** Reads one whole request at `start` and answers where it ends; -1: it is not whole yet. */
  read(bytes: Buffer, start: number): number;
  /** Of the request read last: the number that is its path, `data.n`, and `sequence`; 0 where there is none. */
  hook: number;
  number: number;
  sequence: number;
}

const HEAD_END = "\r\n\r\n";
const PATH_START = "POST /".length;
// Head and the envelope before `data` are shorter than this; what is longer is read in full.
const GLANCE_BYTES = 2_048;
const SEQUENCE = '"sequence":';
const NUMBER = '"n":';

export function createRequestReader(): RequestReader {
  const reader: RequestReader = {
    hook: 0,
    number: 0,
    sequence: 0,
    read(bytes, start) {
      let text = bytes.toString("latin1", start, start + GLANCE_BYTES);
      let headEnd = text.indexOf(HEAD_END);
      if (headEnd < 0 && start + GLANCE_BYTES < bytes.length) {
        text = bytes.toString("latin1", start);
        headEnd = text.indexOf(HEAD_END);
      }
      if (headEnd < 0) return -1;
      const bodyAt = headEnd + HEAD_END.length;
      const end = start + bodyAt + contentLength(text, headEnd);
      if (end > bytes.length) return -1;
      reader.hook = digitsAt(text, PATH_START);
      reader.sequence = numberAfter(text, SEQUENCE, bodyAt);
      reader.number = numberAfter(text, NUMBER, bodyAt);
      return end;
    },
  };
  return reader;
}

/** The same of a body alone. */
export function readBody(body: Buffer): Pick<RequestReader, "number" | "sequence"> {
  const text = body.toString("latin1", 0, GLANCE_BYTES);
  return { sequence: numberAfter(text, SEQUENCE, 0), number: numberAfter(text, NUMBER, 0) };
}

function contentLength(text: string, headEnd: number): number {
  // Senders write it in one of two ways; the slow one is for those that do not.
  for (const name of ["\r\ncontent-length: ", "\r\nContent-Length: "]) {
    const at = text.indexOf(name);
    if (at >= 0 && at < headEnd) return digitsAt(text, at + name.length);
  }
  const found = /\r\ncontent-length:\s*(\d+)/i.exec(text.slice(0, headEnd + 2));
  if (found?.[1] === undefined) throw new Error("The receiver reads requests with Content-Length only.");
  return Number(found[1]);
}

function numberAfter(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? 0 : digitsAt(text, at + mark.length);
}

function digitsAt(text: string, from: number): number {
  let value = 0;
  for (let at = from; ; at++) {
    const digit = text.charCodeAt(at) - 48;
    // The end of the text gives NaN, which is no digit either.
    if (!(digit >= 0 && digit <= 9)) return value;
    value = value * 10 + digit;
  }
}
