/** One event, from the request to its arrival. */
import { isTaken } from "../load/closed-loop.ts";
import { type Answer, openConnection } from "../load/connection.ts";
import { createRequestBytes } from "../load/request-bytes.ts";
import { QUIET_MS } from "./scale.ts";
import type { World } from "./world.ts";

export async function publishOne(
  { receiver, numbers, scale }: World,
  { port, authorization }: { readonly port: number; readonly authorization: string },
): Promise<void> {
  const before = await receiver.mark();
  const failure = Promise.withResolvers<never>();
  const connection = await openConnection(port, failure.reject);
  const request = createRequestBytes({ port, authorization, batch: 1, users: scale.users });
  request.begin(numbers.take(1));
  const answered = new Promise<Answer>((resolve) => connection.send(request.bytes, resolve));
  const answer = await Promise.race([answered, failure.promise]);
  connection.close();
  if (!isTaken(answer)) throw new Error(`An event was answered ${answer.status}: ${answer.body}`);
  const count = await receiver.settled(before.count + 1, QUIET_MS);
  if (count === before.count) throw new Error("The event was accepted and never arrived.");
}
