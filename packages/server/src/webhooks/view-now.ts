/**
 * What a hook sees of an event that was stored earlier, as hook and grant are now: never more than they may see today,
 * and nothing that was left out for want of a scope when it was stored.
 */
import type { Hook } from "./hook.ts";
import { type FieldScopes, isAllowed, isSecured, type Seen, type View, withheld } from "./view.ts";

export interface Stored {
  /** As it was fixed when the delivery was stored. */
  readonly view: View | null;
  /** Pointers of the event's values that only secured hooks see. */
  readonly sensitive: readonly string[];
}

/** What the event's type asks of grants today; null where it is not registered. */
export interface ScopeTerms {
  readonly scopes: readonly string[] | null;
  readonly fieldScopes: readonly FieldScopes[];
}

/** Null: the grant sees nothing of it any more. `grantScopes` null: a user's own hook, bound by no scopes. */
export function viewNow(
  { view, sensitive }: Stored,
  hook: Pick<Hook, "url" | "verifyTls" | "include">,
  {
    grantScopes,
    terms,
  }: { readonly grantScopes: readonly string[] | null; readonly terms: ScopeTerms | null },
): Seen | null {
  if (grantScopes !== null && !isAllowed(terms?.scopes ?? null, grantScopes)) return null;
  const now = grantScopes === null ? [] : withheld(terms?.fieldScopes ?? [], grantScopes);
  const omit = [...new Set([...(view?.omit ?? []), ...now])];
  const mask = isSecured(hook) ? [] : sensitive;
  const { include } = hook;
  const isWhole = include === null && omit.length === 0 && mask.length === 0;
  return { view: isWhole ? null : { include, omit, mask } };
}
