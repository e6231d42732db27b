import { timingSafeEqual } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { Caller } from "./caller.ts";
import { hashCredential } from "./credentials.ts";
import type { AccountStore, Credential } from "./store.ts";

export type Identified =
  | { readonly kind: "caller"; readonly caller: Caller }
  /** Credentials were sent and are no good: 401, never anonymous. */
  | { readonly kind: "bad-credentials" };

export interface Credentials {
  /** The `Authorization` header, if there is one. */
  readonly authorization: string | undefined;
  /** The caller's own address, proxies already looked through. */
  readonly address: string;
}

/** Who sends a request to the public listener. The one place where credentials are looked at. */
export type Identify = (credentials: Credentials) => Promise<Identified>;

export interface IdentifyDeps {
  readonly store: Pick<AccountStore, "findCredential" | "findAppByClientId">;
  readonly clock: Pick<Clock, "now">;
}

const BAD: Identified = { kind: "bad-credentials" };

// Compared when a client id is unknown, so that guessing ids takes as long as guessing secrets.
const NO_SECRET_HASH = hashCredential("");

export function createIdentify({ store, clock }: IdentifyDeps): Identify {
  async function byToken(text: string): Promise<Identified> {
    const credential = await store.findCredential(hashCredential(text), clock.now());
    return credential === null ? BAD : { kind: "caller", caller: callerOf(credential) };
  }

  async function byClient(clientId: string, secret: string): Promise<Identified> {
    const found = await store.findAppByClientId(clientId);
    const matches = timingSafeEqual(hashCredential(secret), found?.secretHash ?? NO_SECRET_HASH);
    return found !== null && matches ? { kind: "caller", caller: { kind: "app", appId: found.app.id } } : BAD;
  }

  return async ({ authorization, address }) => {
    if (authorization === undefined) return { kind: "caller", caller: { kind: "anonymous", address } };
    const shown = parseAuthorization(authorization);
    switch (shown.kind) {
      case "token":
        return byToken(shown.text);
      case "client":
        return byClient(shown.clientId, shown.secret);
      case "malformed":
        return BAD;
      default:
        return shown satisfies never;
    }
  };
}

type Shown =
  | { readonly kind: "token"; readonly text: string }
  | { readonly kind: "client"; readonly clientId: string; readonly secret: string }
  | { readonly kind: "malformed" };

const AUTHORIZATION = /^(Bearer|token|Basic) +([\x21-\x7e]{1,1024})$/i;
const CLIENT = /^([\x21-\x39\x3b-\x7e]{1,128}):([\x21-\x7e]{1,256})$/;

/** What an `Authorization` header shows: `Bearer <token>`, `token <token>` or `Basic <client_id:client_secret>`. */
export function parseAuthorization(authorization: string): Shown {
  const [, scheme, text] = AUTHORIZATION.exec(authorization) ?? [];
  if (scheme === undefined || text === undefined) return { kind: "malformed" };
  if (scheme.toLowerCase() !== "basic") return { kind: "token", text };
  const [, clientId, secret] = CLIENT.exec(Buffer.from(text, "base64").toString()) ?? [];
  if (clientId === undefined || secret === undefined) return { kind: "malformed" };
  return { kind: "client", clientId, secret };
}

function callerOf({ token, grant }: Credential): Caller {
  const { id: tokenId, userId, scopes } = token;
  if (grant === null) return { kind: "user", userId, tokenId, scopes };
  return {
    kind: "grant",
    grantId: grant.id,
    userId: grant.userId,
    appId: grant.appId,
    tokenId,
    scopes: scopes === null ? grant.scopes : grant.scopes.filter((scope) => scopes.includes(scope)),
  };
}
