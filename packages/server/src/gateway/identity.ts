import { type Identity, identityHeaders, type RequestId, signIdentity } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import type { HeaderPairs } from "./request-headers.ts";

export interface Addressed {
  readonly method: string;
  /** The target as the upstream sees it, so that what it verifies is what it was sent. */
  readonly target: string;
  readonly requestId: RequestId;
}

/** The signed headers that tell the upstream who asks. */
export async function signedIdentity(
  key: Uint8Array,
  caller: Caller,
  { method, target, requestId }: Addressed,
  nowMs: number,
): Promise<HeaderPairs> {
  const identity: Identity = { method, target, request: requestId, ...namesOf(caller) };
  return identityHeaders(identity, await signIdentity(key, identity, nowMs));
}

function namesOf(caller: Caller): Pick<Identity, "user" | "app" | "grant" | "scopes"> {
  switch (caller.kind) {
    case "grant": {
      const { userId, appId, grantId, scopes } = caller;
      return { user: userId, app: appId, grant: grantId, scopes: scopes.join(" ") };
    }
    case "user":
      return { user: caller.userId, scopes: caller.scopes?.join(" ") };
    case "app":
      return { app: caller.appId };
    case "operator":
    case "anonymous":
      return {};
    default:
      return caller satisfies never;
  }
}
