import type { Caller } from "./caller.ts";

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
