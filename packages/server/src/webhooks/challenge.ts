/** Whether the receiver of a pending hook has proved that it knows the hook's secret, where the policy wants that. */
import { answerChallenge, equalBytes, parseSecret, utf8 } from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import type { Outcome } from "./outcome.ts";

export interface ChallengeFacts {
  /** The text that was sent; null: the ping carried none, so nothing can answer it. */
  readonly challenge: string | null;
  /** Live secrets that signed the ping, one of which has to sign the answer, too. */
  readonly keys: readonly Uint8Array[];
  /** The body of the receiver's answer; null where none came. */
  readonly answer: string | null;
}

/** A 2xx without the answer to its challenge is `unproven`; every other outcome stays what it is. */
export async function proven(
  outcome: Outcome,
  { challenge, keys, answer }: ChallengeFacts,
): Promise<Outcome> {
  if (outcome.kind !== "accepted") return outcome;
  const given = memberOf(answer, "challenge");
  if (challenge !== null && given !== null) {
    for (const key of keys) {
      if (equalBytes(utf8(given), utf8(await answerChallenge(key, challenge)))) return outcome;
    }
  }
  return { kind: "unproven", status: outcome.status };
}

/**
 * What this claim has to be proved by, or null if a 2xx is enough. While the policy asks for proof, a ping that was
 * made without a challenge lifts no `pending`: it could have been made for another receiver.
 */
export function challengeOf(claim: Claim, isPolicy: boolean): { readonly challenge: string | null } | null {
  if (claim.sequence !== null || claim.event.isTest === true) return null;
  const challenge = memberOf(claim.event.data, "challenge");
  if (challenge === null && !(isPolicy && claim.hook.state === "pending")) return null;
  return { challenge };
}

/** What GitHub's receivers know is the text itself, all others the bytes in it. */
export function challengeKeys(
  signature: "standard" | "github",
  secrets: readonly string[],
): readonly Uint8Array[] {
  if (signature === "github") return secrets.map(utf8);
  return secrets.map(parseSecret).filter((key) => key !== null);
}

/** A text in a JSON object; null if there is no such object, member or text. */
function memberOf(json: string | null, name: string): string | null {
  if (json === null) return null;
  try {
    const value: unknown = (JSON.parse(json) as Readonly<Record<string, unknown>> | null)?.[name];
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
