/** Who is calling: what TruLinks' gateway says of it, once the gateway's signature has been checked. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { HEADERS, PLATFORM_HEADER_PREFIX, verifyIdentity } from "@trulinks/protocol";

export type Caller =
  | { readonly kind: "anonymous" }
  /** Whoever runs this tracker; comes to it directly, not through the gateway. */
  | { readonly kind: "operator" }
  /** An app for itself, which has no more rights than a stranger. */
  | { readonly kind: "app"; readonly app: string }
  /** A user, perhaps through an app; `scopes` is null where nothing limits what is done in the user's name. */
  | {
      readonly kind: "user";
      readonly user: string;
      readonly app: string | null;
      readonly scopes: readonly string[] | null;
    };

export interface CallerKeys {
  readonly operatorKey: string;
  readonly identityKey: Uint8Array;
}

export interface Received {
  readonly method: string;
  /** The request target exactly as received. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** Null: the request claims an identity that the gateway has not signed for it within the last minute. */
export async function identifyCaller(
  keys: CallerKeys,
  received: Received,
  nowMs: number,
): Promise<Caller | null> {
  const { method, target, headers } = received;
  const claims = Object.keys(headers).some((name) => name.startsWith(PLATFORM_HEADER_PREFIX));
  if (!claims)
    return isOperator(keys.operatorKey, headers.authorization) ? { kind: "operator" } : { kind: "anonymous" };

  const said = (name: string): string | undefined => headers[name.toLowerCase()]?.toString();
  const user = said(HEADERS.user);
  const app = said(HEADERS.app);
  const scopes = said(HEADERS.scopes);
  const identity = {
    method,
    target,
    request: said(HEADERS.request) ?? "",
    user,
    app,
    grant: said(HEADERS.grant),
    scopes,
  };
  if (!(await verifyIdentity(keys.identityKey, identity, said(HEADERS.identity), nowMs))) return null;
  if (user === undefined) return app === undefined ? { kind: "anonymous" } : { kind: "app", app };
  // A grant is bound by scopes even if it has none, and an empty header may have been left out on the way.
  const bound = scopes ?? (app === undefined ? undefined : "");
  return { kind: "user", user, app: app ?? null, scopes: bound?.split(" ").filter(Boolean) ?? null };
}

function isOperator(operatorKey: string, authorization: string | undefined): boolean {
  return timingSafeEqual(digest(`Bearer ${operatorKey}`), digest(authorization ?? ""));
}

// Equal lengths are what timingSafeEqual needs.
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
