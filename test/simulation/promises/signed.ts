/** Every signature is good with a secret that its receiver was told and that is live. */
import { parseSecret, verify } from "@trulinks/protocol";
import type { Clock } from "../../../packages/server/src/base/clock.ts";
import { type Broken, headerOf, type Posting, type Watcher } from "../history.ts";
import type { KnownSecrets } from "../secrets.ts";

export function signed(clock: Pick<Clock, "now">, secrets: KnownSecrets, { broken }: Broken): Watcher {
  async function check({ claim, request }: Posting): Promise<void> {
    const userId = claim.hook.secretPer === "user" ? (claim.user?.id ?? null) : null;
    const keys = secrets.live(claim.hook.id, userId, clock.now()).map((secret) => parseSecret(secret));
    const received = {
      id: headerOf(request, "webhook-id"),
      timestamp: headerOf(request, "webhook-timestamp"),
      signature: headerOf(request, "webhook-signature"),
      body: request.body,
    };
    const known = keys.filter((key) => key !== null);
    const verification = await verify(known, received, clock.now());
    if (verification.kind === "invalid") broken(`${claim.deliveryId}: ${verification.because}`);
  }
  return { posted: (posting) => void check(posting) };
}
