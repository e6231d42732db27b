/** A ping: an event of no user's, which asks whether the receiver is there and, with a challenge, whether it knows the secret. */
import { type DeliveryId, type EventId, ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { View } from "./view.ts";

export interface NewPing {
  readonly eventId: EventId;
  /** JSON text: `{}`, or with the challenge that the receiver has to answer. */
  readonly data: string;
  /** Made at `atMs`, as lists find a delivery's time by its id. */
  readonly deliveryId: DeliveryId;
  readonly atMs: number;
  /** Left out: it is of the type `ping`. Else it is a test, which sends `data` as an event of this type would. */
  readonly example?: PingExample;
}

export interface PingExample {
  readonly type: string;
  readonly action: string;
  /** As in `NewEvent`. */
  readonly sensitive: readonly string[];
  /** What of `data` the hook sees; null: all of it. */
  readonly view: View | null;
}

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
