import type { Guideline } from "@trulinks/protocol";

/** How one attempt ended: a closed list. `refused` is any answer that is neither 2xx nor 422. */
export type Outcome =
  | { readonly kind: "accepted"; readonly status: number }
  | { readonly kind: "rejected"; readonly status: 422 }
  | { readonly kind: "refused"; readonly status: number; readonly retryAfterMs: number | null }
  /** 2xx to a ping whose challenge it does not answer: whoever sent it has not shown that it knows the hook's secret. */
  | { readonly kind: "unproven"; readonly status: number }
  | { readonly kind: Unanswered };

/** The kinds of attempts to which no answer came. */
export type Unanswered =
  | "deadline"
  | "dns"
  | "connect"
  | "tls-expired"
  | "tls-host"
  | "tls-untrusted"
  | "tls"
  | "reset"
  | "garbled"
  | "too-large"
  | "proxy"
  | "blocked-address";

/** Each outcome for people, with the guideline it touches. `docs/reference/outcomes.md` is made from this table. */
export const OUTCOMES = {
  accepted: { sentence: "The receiver answered 2xx in time.", guideline: null },
  rejected: { sentence: "The receiver looked at it and declines for good (422).", guideline: null },
  refused: { sentence: "The receiver answered with another status than 2xx or 422.", guideline: null },
  unproven: {
    sentence: "The receiver answered 2xx, and not the ping's challenge with the hook's secret.",
    guideline: null,
  },
  deadline: {
    sentence: "The receiver did not answer before the hook's deadline.",
    guideline: "ack-deadline",
  },
  dns: { sentence: "No address was found for the receiver's host name.", guideline: null },
  connect: { sentence: "Nothing listens at the receiver's address and port.", guideline: null },
  "tls-expired": {
    sentence: "The receiver's certificate has expired or is not valid yet.",
    guideline: "secure-transport",
  },
  "tls-host": { sentence: "The receiver's certificate is for another host.", guideline: "secure-transport" },
  "tls-untrusted": {
    sentence: "The receiver's certificate is not from a trusted authority.",
    guideline: "secure-transport",
  },
  tls: { sentence: "No TLS connection could be agreed on.", guideline: "secure-transport" },
  reset: { sentence: "The connection broke before the answer was whole.", guideline: null },
  garbled: { sentence: "The answer was not HTTP.", guideline: null },
  "too-large": { sentence: "The head of the answer was larger than 16 KiB.", guideline: null },
  proxy: { sentence: "The platform's own egress proxy did not connect it to the receiver.", guideline: null },
  "blocked-address": {
    sentence: "The host name leads to an address that hooks may not reach.",
    guideline: "secure-transport",
  },
} as const satisfies Record<Outcome["kind"], { sentence: string; guideline: Guideline | null }>;

/** Only these say when to come back (RFC 6585, RFC 9110); elsewhere `Retry-After` has another meaning or none. */
const STATUSES_WITH_RETRY_AFTER = [429, 503];

export function outcomeOfStatus(status: number, retryAfterMs: number | null): Outcome {
  if (status >= 200 && status <= 299) return { kind: "accepted", status };
  if (status === 422) return { kind: "rejected", status };
  const isHeeded = STATUSES_WITH_RETRY_AFTER.includes(status);
  return { kind: "refused", status, retryAfterMs: isHeeded ? retryAfterMs : null };
}

/** Error codes of Node, OpenSSL, undici and our own connector; those that begin alike are told apart in `unansweredBy`. */
const UNANSWERED_BY_CODE: Readonly<Record<string, Unanswered>> = {
  BLOCKED_ADDRESS: "blocked-address",
  NAME_NOT_FOUND: "dns",
  PROXY_FAILED: "proxy",
  ECONNREFUSED: "connect",
  EHOSTUNREACH: "connect",
  EHOSTDOWN: "connect",
  ENETUNREACH: "connect",
  ENETDOWN: "connect",
  EADDRNOTAVAIL: "connect",
  EACCES: "connect",
  EPERM: "connect",
  ETIMEDOUT: "connect",
  CERT_HAS_EXPIRED: "tls-expired",
  CERT_NOT_YET_VALID: "tls-expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls-host",
  HOSTNAME_MISMATCH: "tls-host",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls-untrusted",
  SELF_SIGNED_CERT_IN_CHAIN: "tls-untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls-untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "tls-untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls-untrusted",
  CERT_CHAIN_TOO_LONG: "tls-untrusted",
  CERT_UNTRUSTED: "tls-untrusted",
  CERT_REJECTED: "tls-untrusted",
  CERT_REVOKED: "tls-untrusted",
  CERT_SIGNATURE_FAILURE: "tls-untrusted",
  INVALID_CA: "tls-untrusted",
  INVALID_PURPOSE: "tls-untrusted",
  PATH_LENGTH_EXCEEDED: "tls-untrusted",
  EPROTO: "tls",
  UND_ERR_HEADERS_OVERFLOW: "too-large",
  UNEXPECTED_ANSWER: "garbled",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "garbled",
};

/** Why no answer came, by the code of the error; what is not known by name broke the connection. */
export function unansweredBy(code: string): Unanswered {
  const known = UNANSWERED_BY_CODE[code];
  if (known !== undefined) return known;
  if (code.startsWith("HPE_")) return "garbled";
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code.startsWith("ERR_OSSL_"))
    return "tls";
  return "reset";
}

/** The code of an error on the way, or one of ours where it has only a name or a message. */
export function codeOf(error: Error): string {
  // What undici says of 100 Continue, which nobody had waited for, and of 101 Switching Protocols.
  if (/^bad (response|upgrade)$/.test(error.message)) return "UNEXPECTED_ANSWER";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.name === "HTTPParserError" ? "HPE_UNKNOWN" : "";
}
