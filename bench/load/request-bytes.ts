/**
 * A request that publishes events, made once and used again and again: only the digits of its events and users are
 * written anew, so that the load generator takes next to nothing from whoever is measured.
 */

export interface Target {
  readonly port: number;
  readonly authorization: string;
  /** Events in one request; 1 goes to `/v1/events`, more to `/v1/events/batch`. */
  readonly batch: number;
  /** Event `n` is for user `n % users`. */
  readonly users: number;
}

export interface RequestBytes {
  /** Head and body, to be written as they are. */
  readonly bytes: Buffer;
  /** Makes it the request for the events from `first` on. */
  begin(first: number): void;
}

/** The data of every event is this long as JSON: the bench's payload. */
export const PAYLOAD_BYTES = 1_024;
export const EVENT_TYPE = "bench.sent";
/** What the hooks want. */
export const EVENT_PATTERN = "bench.*";
/** Event numbers always have nine digits, so that no length ever changes. */
export const NUMBER_FIRST = 100_000_000;

const USER_DIGITS = 7;
const NUMBER_DIGITS = 9;
const ZERO = 48;

export function userId(index: number): string {
  return `user-${String(index).padStart(USER_DIGITS, "0")}`;
}

export function createRequestBytes({ port, authorization, batch, users }: Target): RequestBytes {
  const event = eventText();
  const events = Array.from({ length: batch }, () => event).join(",");
  const [path, body] = batch === 1 ? ["/v1/events", events] : ["/v1/events/batch", `{"events":[${events}]}`];
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: ${authorization}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ].join("\r\n");
  const bytes = Buffer.from(`${head}\r\n\r\n${body}`);

  const userAt = event.indexOf(userId(0)) + userId(0).length;
  const numberAt = event.indexOf(`"n":`) + `"n":`.length + NUMBER_DIGITS;
  const firstAt = bytes.indexOf(event);
  return {
    bytes,
    begin(first) {
      for (let index = 0; index < batch; index++) {
        const at = firstAt + index * (event.length + 1);
        writeDigits(bytes, at + userAt, USER_DIGITS, (first + index) % users);
        writeDigits(bytes, at + numberAt, NUMBER_DIGITS, first + index);
      }
    },
  };
}

/** The data of event `n`, 1 KiB long. */
export function dataText(n: number): string {
  const start = `{"n":${n},"fill":"`;
  return `${start}${"x".repeat(PAYLOAD_BYTES - start.length - 2)}"}`;
}

function eventText(): string {
  return `{"type":"${EVENT_TYPE}","users":["${userId(0)}"],"data":${dataText(NUMBER_FIRST)}}`;
}

/** `end`: where the last digit ends. */
function writeDigits(bytes: Buffer, end: number, digits: number, value: number): void {
  let rest = value;
  for (let at = end - 1; at >= end - digits; at--) {
    bytes[at] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
