/**
 * Rows of numbers by slot, in chunks: growing copies nothing, and a caller's numbers lie beside each other, since
 * fetching them from memory costs more than the arithmetic. A row that nobody has is all zeros.
 */
const ROWS_PER_CHUNK_BITS = 10;
const ROWS_PER_CHUNK = 1 << ROWS_PER_CHUNK_BITS;
const ROW_MASK = ROWS_PER_CHUNK - 1;

export class Rows {
  readonly width: number;
  readonly #chunks: (Float64Array | undefined)[] = [];

  constructor(width: number) {
    this.width = width;
  }

  /** The numbers among which the slot's row begins at `at(slot)`. */
  cells(slot: number): Float64Array {
    return this.#chunks[slot >> ROWS_PER_CHUNK_BITS] ?? this.#makeChunk(slot);
  }

  at(slot: number): number {
    return (slot & ROW_MASK) * this.width;
  }

  /** Null where no row nearby was ever written: then this one is all zeros. */
  cellsIfAny(slot: number): Float64Array | null {
    return this.#chunks[slot >> ROWS_PER_CHUNK_BITS] ?? null;
  }

  clear(slot: number): void {
    this.cellsIfAny(slot)?.fill(0, this.at(slot), this.at(slot) + this.width);
  }

  #makeChunk(slot: number): Float64Array {
    const chunk = new Float64Array(ROWS_PER_CHUNK * this.width);
    this.#chunks[slot >> ROWS_PER_CHUNK_BITS] = chunk;
    return chunk;
  }
}
