/**
 * Counters as bytes, so that they survive a restart within their windows. A snapshot is a row of blocks, each whole
 * in itself with a checksum: where a file is torn, what stands before is good, and the rest is forgotten, which is
 * in the callers' favour. What is under way is not kept: it ended with the process.
 */
import type { Caller } from "./caller.ts";
import { type Callers, KEY_LENGTH_MAX, ROW_WIDTH } from "./callers.ts";
import { WINDOW_WIDTH } from "./window.ts";

/** `TLQ` and the version of the format. */
const MAGIC = 0x544c5101;
/** Magic, payload's length, payload's checksum. */
const HEAD_BYTES = 12;
const CALLERS_PER_BLOCK = 1_000;
/** UTF-8 has at most 3 bytes for each unit of a string. */
const KEY_BYTES_MAX = KEY_LENGTH_MAX * 3;
const NUMBER_BYTES = 8;

export type Restored =
  | { readonly kind: "restored"; readonly callers: number }
  /** What stood before the fault is restored. */
  | { readonly kind: "damaged"; readonly callers: number; readonly atByte: number };

export function* snapshotOf(
  plans: Iterable<Callers>,
  resources: readonly string[],
  nowMs: number,
): Generator<Uint8Array> {
  for (const callers of plans) {
    let block: Caller[] = [];
    for (const caller of { [Symbol.iterator]: () => callers[Symbol.iterator]() }) {
      if (callers.shareUsed(caller, nowMs) === 0) continue;
      block.push(caller);
      if (block.length < CALLERS_PER_BLOCK) continue;
      yield blockOf(callers, block, resources);
      block = [];
    }
    if (block.length > 0) yield blockOf(callers, block, resources);
  }
}

export function readSnapshot(
  bytes: Uint8Array,
  plans: ReadonlyMap<string, Callers>,
  resources: readonly string[],
  nowMs: number,
): Restored {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let callers = 0;
  let atByte = 0;
  while (atByte < bytes.length) {
    const payload = payloadAt(bytes, view, atByte);
    if (payload === null) return { kind: "damaged", callers, atByte };
    callers += readBlock(payload, plans, resources, nowMs);
    atByte += HEAD_BYTES + payload.length;
  }
  return { kind: "restored", callers };
}

function payloadAt(bytes: Uint8Array, view: DataView, atByte: number): Uint8Array | null {
  if (bytes.length - atByte < HEAD_BYTES || view.getUint32(atByte) !== MAGIC) return null;
  const length = view.getUint32(atByte + 4);
  const payload = bytes.subarray(atByte + HEAD_BYTES, atByte + HEAD_BYTES + length);
  return payload.length === length && checksumOf(payload) === view.getUint32(atByte + 8) ? payload : null;
}

/** Names, then for each caller its key, its row, and its windows of the resources beside `core`. */
function blockOf(callers: Callers, block: readonly Caller[], resources: readonly string[]): Uint8Array {
  const others = resources.slice(1);
  const numbers = ROW_WIDTH + WINDOW_WIDTH * others.length;
  const names = [callers.planName, ...others];
  const namesBytes = names.reduce((sum, name) => sum + 2 + 3 * name.length, 2);
  const bytes = new Uint8Array(
    HEAD_BYTES + namesBytes + block.length * (2 + KEY_BYTES_MAX + numbers * NUMBER_BYTES),
  );
  const out = new Writer(bytes, HEAD_BYTES);
  out.count(names.length);
  for (const name of names) out.text(name);
  for (const { key, slot } of block) {
    out.text(key);
    out.row(callers.rows.cells(slot), callers.rows.at(slot), ROW_WIDTH);
    for (let resource = 1; resource < resources.length; resource++) {
      out.row(callers.resourceCells(slot, resource), callers.resourceAt(slot, resource), WINDOW_WIDTH);
    }
  }
  const payload = bytes.subarray(HEAD_BYTES, out.atByte);
  out.head(payload.length, checksumOf(payload));
  return bytes.slice(0, out.atByte);
}

function readBlock(
  payload: Uint8Array,
  plans: ReadonlyMap<string, Callers>,
  resources: readonly string[],
  nowMs: number,
): number {
  const from = new Reader(payload);
  const [planName = "", ...others] = Array.from({ length: from.count() }, () => from.text());
  const callers = plans.get(planName);
  if (callers === undefined) return 0;
  const numbers = others.map((name) => resources.indexOf(name));
  let count = 0;
  while (from.atByte < payload.length) {
    const key = from.text();
    const isKnown = callers.find(key) !== null;
    const caller = isKnown ? null : callers.resolve(key, nowMs);
    const slot = caller === null || caller === callers.shared ? null : caller.slot;
    from.row(
      slot === null ? null : callers.rows.cells(slot),
      slot === null ? 0 : callers.rows.at(slot),
      ROW_WIDTH,
    );
    for (const number of numbers) {
      const isKept = slot !== null && number > 0;
      const cells = isKept ? callers.resourceCells(slot, number) : null;
      from.row(cells, isKept ? callers.resourceAt(slot, number) : 0, WINDOW_WIDTH);
    }
    if (slot !== null) count += 1;
  }
  return count;
}

class Writer {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #utf8 = new TextEncoder();
  atByte: number;

  constructor(bytes: Uint8Array, atByte: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.atByte = atByte;
  }

  head(length: number, checksum: number): void {
    this.#view.setUint32(0, MAGIC);
    this.#view.setUint32(4, length);
    this.#view.setUint32(8, checksum);
  }

  count(value: number): void {
    this.#view.setUint16(this.atByte, value);
    this.atByte += 2;
  }

  text(text: string): void {
    const { written } = this.#utf8.encodeInto(text, this.#bytes.subarray(this.atByte + 2));
    this.count(written);
    this.atByte += written;
  }

  row(cells: Float64Array, at: number, width: number): void {
    for (let index = at; index < at + width; index++) {
      this.#view.setFloat64(this.atByte, cells[index] ?? 0);
      this.atByte += NUMBER_BYTES;
    }
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #utf8 = new TextDecoder();
  atByte = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  count(): number {
    const value = this.#view.getUint16(this.atByte);
    this.atByte += 2;
    return value;
  }

  text(): string {
    const length = this.count();
    const text = this.#utf8.decode(this.#bytes.subarray(this.atByte, this.atByte + length));
    this.atByte += length;
    return text;
  }

  /** Reads a row into `cells`, or over it where that is null. */
  row(cells: Float64Array | null, at: number, width: number): void {
    for (let index = at; index < at + width; index++) {
      if (cells !== null) cells[index] = this.#view.getFloat64(this.atByte);
      this.atByte += NUMBER_BYTES;
    }
  }
}

/** FNV-1a. Against torn and rotten files, not against forgers: whoever can write here can do anything. */
function checksumOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < bytes.length; index++) {
    hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  }
  return hash >>> 0;
}
