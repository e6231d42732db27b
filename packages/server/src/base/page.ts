/** A keyset page: `after` is the key of the last item already seen. */
export interface PageRequest {
  readonly after: string | null;
  /** 1 to 200. */
  readonly countMax: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** The key to ask the next page with, or null where this was the last. */
  readonly next: string | null;
}

export const PAGE_COUNT_DEFAULT = 50;
export const PAGE_COUNT_MAX = 200;
