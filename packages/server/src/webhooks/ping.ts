/** A ping: an event of no user's, which asks whether the receiver is there and, with a challenge, whether it knows the secret. */
import { ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { NewPing } from "./store.ts";

const CHALLENGE_BYTES = 32;

export function makePing(
  { clock, dice }: { readonly clock: Pick<Clock, "now">; readonly dice: Pick<Dice, "bytes"> },
  { isChallenge }: { readonly isChallenge: boolean },
): NewPing {
  const atMs = clock.now();
  return {
    eventId: makeId("event", atMs, dice.bytes(ID_CHANCE_BYTES)),
    deliveryId: makeId("delivery", atMs, dice.bytes(ID_CHANCE_BYTES)),
    data: isChallenge
      ? JSON.stringify({ challenge: Buffer.from(dice.bytes(CHALLENGE_BYTES)).toString("base64url") })
      : "{}",
    atMs,
  };
}
