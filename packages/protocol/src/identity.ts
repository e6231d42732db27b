/**
 * What the gateway tells the provider's API about a caller, signed so that the API can believe it:
 * `TruLinks-Identity: v1,<unix seconds>,<base64 HMAC-SHA256>`.
 */
import { hmacSha256 } from "#hmac";
import { equalBytes, fromBase64, toBase64, utf8 } from "./bytes.ts";
import { HEADERS } from "./headers.ts";

export interface Identity {
  readonly method: string;
  /** The request target as sent, path and query. */
  readonly target: string;
  readonly request: string;
  readonly user?: string | undefined;
  readonly app?: string | undefined;
  readonly grant?: string | undefined;
  /** Separated by single spaces; absent for callers that are not bound by scopes. */
  readonly scopes?: string | undefined;
}

/** An upstream refuses an identity older or newer than this, so that a captured one is soon worthless. */
export const IDENTITY_TOLERANCE_S = 60;

export async function signIdentity(key: Uint8Array, identity: Identity, nowMs: number): Promise<string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  return `v1,${timestamp},${toBase64(await hmacSha256(key, identityBytes(timestamp, identity)))}`;
}

/** The identity headers of a forwarded request, as name and value; absent members are left out. */
export function identityHeaders(
  identity: Identity,
  signature: string,
): readonly (readonly [string, string])[] {
  const all: readonly (readonly [string, string | undefined])[] = [
    [HEADERS.user, identity.user],
    [HEADERS.app, identity.app],
    [HEADERS.grant, identity.grant],
    [HEADERS.scopes, identity.scopes],
    [HEADERS.request, identity.request],
    [HEADERS.identity, signature],
  ];
  return all.filter((header): header is readonly [string, string] => header[1] !== undefined);
}

/** True if `signature` was made by the gateway's key for exactly this request, not more than a minute ago. */
export async function verifyIdentity(
  key: Uint8Array,
  identity: Identity,
  signature: string | undefined,
  nowMs: number,
): Promise<boolean> {
  const [version, timestamp, mac] = (signature ?? "").split(",");
  if (version !== "v1" || timestamp === undefined || mac === undefined) return false;
  if (!/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Math.floor(nowMs / 1000) - Number(timestamp)) > IDENTITY_TOLERANCE_S) return false;
  const given = fromBase64(mac);
  return given !== null && equalBytes(given, await hmacSha256(key, identityBytes(timestamp, identity)));
}

function identityBytes(timestamp: string, identity: Identity): Uint8Array {
  const { method, target, request, user, app, grant, scopes } = identity;
  return utf8(
    [timestamp, method, target, request, user, app, grant, scopes].map((part) => part ?? "").join("\n"),
  );
}
