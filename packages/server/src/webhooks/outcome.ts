import type { Guideline } from "@trulinks/protocol";

/** How one attempt ended: a closed list. `refused` is any answer that is neither 2xx nor 422. */
export type Outcome =
  | { readonly kind: "accepted"; readonly status: number }
  | { readonly kind: "rejected"; readonly status: 422 }
  | { readonly kind: "refused"; readonly status: number; readonly retryAfterMs: number | null }
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
  | "blocked-address";

/** Each outcome for people, with the guideline it touches. `docs/reference/outcomes.md` is made from this table. */
export const OUTCOMES = {
  accepted: { sentence: "The receiver answered 2xx in time.", guideline: null },
  rejected: { sentence: "The receiver looked at it and declines for good (422).", guideline: null },
  refused: { sentence: "The receiver answered with another status than 2xx or 422.", guideline: null },
  deadline: {
    sentence: "The receiver did not answer before the hook's deadline.",
    guideline: "ack-deadline",
  },
  dns: { sentence: "The receiver's host name was not found.", guideline: null },
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
  "blocked-address": {
    sentence: "The host name leads to an address that hooks may not reach.",
    guideline: "secure-transport",
  },
} as const satisfies Record<Outcome["kind"], { sentence: string; guideline: Guideline | null }>;
