/** What a hook gets to see of an event: which of its fields, and which of them masked. */
import { matchesAny } from "@trulinks/protocol";
import { blank, choose, leaveOut, present } from "./fields.ts";
import { holds } from "./filter.ts";
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

/** Data as they are sent. */
export interface Shown {
  /** JSON text. */
  readonly data: string;
  /** Pointers of what is null in it because it is masked. */
  readonly masked: readonly string[];
}

/** The guideline `sensitive-fields`: HTTPS with a verified certificate. Every hook has a secret. */
export function isSecured({ url, verifyTls }: Pick<Hook, "url" | "verifyTls">): boolean {
  return verifyTls && HTTPS.test(url);
}

/**
 * What the hook gets to see of the event, or null if it does not get it at all: the type is none of its patterns, its
 * filter does not hold, or the grant lacks the scopes. `grantScopes`: those of the grant that leads to the hook; null
 * for a user's own hook, which is bound by no scopes. Every engine asks this, and nothing else, whether there is a delivery.
 */
export function viewOf(event: Matched, hook: Hook, grantScopes: readonly string[] | null): Seen | null {
  if (!matchesAny(hook.events, event.type)) return null;
  if (grantScopes !== null && !isAllowed(event.scopes, grantScopes)) return null;
  const omit = grantScopes === null ? NOTHING : withheld(event.fieldScopes, grantScopes);
  const sensitive = event.sensitive.length === 0 || isSecured(hook) ? NOTHING : event.sensitive;
  if (hook.filter.length > 0 && !holds(hook.filter, visible(event, [...omit, ...sensitive]))) return null;

  const { include } = hook;
  const mask = sensitive.length === 0 ? NOTHING : maskedIn(event, { include, omit });
  return include === null && omit.length === 0 && mask.length === 0
    ? WHOLE
    : { view: { include, omit, mask } };
}

/** As what was chosen for a delivery is sent to its hook as that is now: never more than it says. */
export function viewWhenSent(
  view: View | null,
  sensitive: readonly string[],
  hook: Pick<Hook, "url" | "verifyTls">,
): View | null {
  if (sensitive.length === 0 || isSecured(hook)) return view;
  return { include: null, omit: NOTHING, ...view, mask: [...(view?.mask ?? NOTHING), ...sensitive] };
}

/** The data (JSON text) under a view. Without one the text goes out as it is: no second reading could give other bytes. */
export function show(data: string, view: View | null): Shown {
  if (view === null) return { data, masked: NOTHING };
  const fields = fieldsOf(JSON.parse(data), view);
  const masked = present(fields, view.mask);
  return { data: JSON.stringify(blank(fields, masked)), masked };
}

// URLs are kept as they were given.
const HTTPS = /^https:/i;
const NOTHING: readonly never[] = [];
const WHOLE: Seen = { view: null };

export function isAllowed(scopes: readonly string[] | null, granted: readonly string[]): boolean {
  return scopes === null || scopes.some((scope) => granted.includes(scope));
}

export function withheld(fieldScopes: readonly FieldScopes[], granted: readonly string[]): readonly string[] {
  if (fieldScopes.length === 0) return NOTHING;
  return fieldScopes.filter(({ scopes }) => !isAllowed(scopes, granted)).map(({ pointer }) => pointer);
}

// A filter on what the grant may not see, or the hook sees masked only, would tell it by what comes.
function visible(event: Matched, omit: readonly string[]): unknown {
  return omit.length === 0 ? event.data() : leaveOut(event.data(), omit);
}

function maskedIn(event: Matched, view: Omit<View, "mask">): readonly string[] {
  return present(fieldsOf(event.data(), view), event.sensitive);
}

function fieldsOf(data: unknown, { include, omit }: Omit<View, "mask">): unknown {
  const chosen = include === null ? data : choose(data, include);
  return omit.length === 0 ? chosen : (leaveOut(chosen, omit) ?? {});
}
