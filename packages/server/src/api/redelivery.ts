/** Delivering one delivery once more, in both APIs. */
import type { DeliveryId } from "@trulinks/protocol";
import { reachOf } from "../accounts/may.ts";
import type { RedeliveryRefusal } from "../webhooks/redelivery.ts";
import type { Replays } from "../webhooks/replays.ts";
import type { WebhookStore } from "../webhooks/store.ts";
import { isSecured } from "../webhooks/view.ts";
import { allow } from "./allow.ts";
import type { Api } from "./manners.ts";
import { orNotFound, Refusal } from "./problem.ts";
import { DeliveryShape, deliveryShape } from "./resources/delivery.ts";
import { answers, closed, GivenId, json, refer } from "./schemas.ts";

export interface RedeliveryDeps {
  readonly webhooks: Pick<WebhookStore, "findDelivery" | "findHook">;
  readonly replays: Pick<Replays, "redeliver">;
}

/** `path`: `/v1/deliveries` or its like. */
export function redeliveryRoute(api: Api, path: string, { webhooks, replays }: RedeliveryDeps): void {
  api.post(`${path}/:delivery/attempts`, redeliver, async ({ caller, params }, reply) => {
    const id = params.delivery as DeliveryId;
    allow(caller, { verb: "read", thing: { kind: "deliveries" } });
    const reach = orNotFound(reachOf(caller));
    orNotFound(await webhooks.findDelivery(id, reach));
    allow(caller, { verb: "change", thing: { kind: "deliveries" } });
    const redelivered = await replays.redeliver(id, reach);
    if (redelivered.kind === "unknown") throw new Refusal("not-found");
    if (redelivered.kind === "refused") throw refusalOf(redelivered.because);
    const { delivery } = orNotFound(await webhooks.findDelivery(id, reach));
    const hook = await webhooks.findHook(delivery.hookId);
    return reply.code(202).send(deliveryShape(delivery, hook === null ? null : isSecured(hook)));
  });
}

const redeliver = {
  config: { resource: "Delivery" },
  schema: {
    operationId: "redeliver",
    summary: "Deliver once more",
    description:
      "Whatever became of it, unless it is `revoked`. It keeps its id and number, its attempts are numbered on, and its retries begin anew; it is signed and masked as its hook is now. What waits already is tried at once; for a paused hook it is kept.",
    tags: ["deliveries"],
    params: closed({ delivery: GivenId }),
    response: answers(
      { 202: json("It waits", refer(DeliveryShape)) },
      "forbidden",
      "not-found",
      "not-redeliverable",
      "payload-gone",
    ),
  },
};

function refusalOf(because: RedeliveryRefusal): Refusal {
  if (because === "payload-gone") return new Refusal("payload-gone");
  return new Refusal("not-redeliverable", { detail: DETAILS[because] });
}

const DETAILS = {
  revoked: "This delivery is revoked: its grant, its user or its hook has ended.",
  "under-way": "An attempt at this delivery is under way just now.",
  "too-many-attempts": "This delivery has had as many attempts as one may have.",
  "hook-gone": "The hook of this delivery is gone.",
  "hook-disabled":
    "The hook of this delivery is disabled, since its receiver said 410 Gone. Make it active first.",
  "hook-pending": "The hook of this ping is pending. Send it a new one: POST …/hooks/{hook}/pings.",
  "grant-ended": "The grant under which this delivery was made has ended.",
  "scopes-lacking": "The grant of this delivery lacks the scopes that its event takes now.",
} as const satisfies Record<Exclude<RedeliveryRefusal, "payload-gone">, string>;
