/** What both signatures of Standard Webhooks 1.0.0 have in common: what is signed, and what is looked at before. */
import { concat, fromBase64, utf8 } from "./bytes.ts";

/** Standard Webhooks leaves the tolerance to the receiver; its libraries, like Stripe's, allow five minutes. */
export const TIMESTAMP_TOLERANCE_S = 300;

// More than one signature stands in the header while a secret rotates; no honest sender needs this many.
const SIGNATURES_MAX = 16;

export interface SignedMessage {
  /** `webhook-id`: the delivery's id, the same on every retry. */
  readonly id: string;
  /** `webhook-timestamp`: seconds since 1970 of this attempt. */
  readonly timestampS: number;
  /** The exact bytes of the body. */
  readonly body: Uint8Array;
}

export type Verification =
  | { readonly kind: "valid" }
  | {
      readonly kind: "invalid";
      readonly because:
        | "header-missing"
        | "timestamp-malformed"
        | "timestamp-too-old"
        | "timestamp-too-new"
        | "signature-mismatch";
    };

export interface ReceivedMessage {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: Uint8Array;
}

export function signedBytes({ id, timestampS, body }: SignedMessage): Uint8Array {
  return concat(utf8(`${id}.${timestampS}.`), body);
}

export type Opened =
  | { readonly kind: "open"; readonly signed: Uint8Array; readonly signatures: readonly Uint8Array[] }
  | Extract<Verification, { kind: "invalid" }>;

/** What was signed and the signatures of one version (`v1`), if headers and time are as they must be. */
export function openReceived(version: "v1" | "v1a", received: ReceivedMessage, nowMs: number): Opened {
  const { id, timestamp, signature, body } = received;
  if (!id || !timestamp || !signature) return { kind: "invalid", because: "header-missing" };
  if (!/^[0-9]{1,12}$/.test(timestamp)) return { kind: "invalid", because: "timestamp-malformed" };
  const ageS = Math.floor(nowMs / 1000) - Number(timestamp);
  if (ageS > TIMESTAMP_TOLERANCE_S) return { kind: "invalid", because: "timestamp-too-old" };
  if (ageS < -TIMESTAMP_TOLERANCE_S) return { kind: "invalid", because: "timestamp-too-new" };
  // The header's own text was signed: a leading zero makes another message.
  const signed = concat(utf8(`${id}.${timestamp}.`), body);
  return { kind: "open", signed, signatures: signaturesOf(version, signature) };
}

function signaturesOf(version: string, header: string): readonly Uint8Array[] {
  const mark = `${version},`;
  const parts = header.split(" ", SIGNATURES_MAX).filter((part) => part.startsWith(mark));
  return parts.map((part) => fromBase64(part.slice(mark.length))).filter((bytes) => bytes !== null);
}
