/** Deliveries in both APIs: the same two routes, over what the caller may reach. */
import type { DeliveryId } from "@trulinks/protocol";
import type { FastifyRequest } from "fastify";
import { reachOf } from "../accounts/may.ts";
import type { Delivery, DeliveryReach, WebhookStore } from "../webhooks/store.ts";
import { isSecured } from "../webhooks/view.ts";
import { allow } from "./allow.ts";
import type { Api } from "./manners.ts";
import { listOf, pageRequestOf, sendPage } from "./pages.ts";
import { orNotFound } from "./problem.ts";
import {
  DELIVERY_QUERY,
  DeliveryShape,
  deliveryFilterOf,
  deliveryShape,
  WholeDeliveryShape,
  wholeDeliveryShape,
} from "./resources/delivery.ts";
import { answers, closed, GivenId, json, refer } from "./schemas.ts";

const tags = ["deliveries"];
const config = { resource: "Delivery" };
const shape = refer(DeliveryShape);

export interface DeliveryDeps {
  readonly webhooks: Pick<WebhookStore, "listDeliveries" | "findDelivery" | "findHook">;
}

/** `path`: `/v1/deliveries` or its like. */
export function deliveryRoutes(api: Api, path: string, { webhooks }: DeliveryDeps): void {
  api.get(path, listDeliveries, async (request, reply) => {
    const filter = deliveryFilterOf(allowedReach(request), request.query);
    const page = await webhooks.listDeliveries(filter, pageRequestOf(request.query, "deliveries"));
    const securedOf = await findSecured(webhooks, page.items);
    const show = (delivery: Delivery) => deliveryShape(delivery, securedOf(delivery));
    return sendPage(request, reply, { page, list: "deliveries", show });
  });

  api.get(`${path}/:delivery`, getDelivery, async (request) => {
    const id = request.params.delivery as DeliveryId;
    const found = orNotFound(await webhooks.findDelivery(id, allowedReach(request)));
    const securedOf = await findSecured(webhooks, [found.delivery]);
    return wholeDeliveryShape(found.delivery, found.event, securedOf(found.delivery));
  });
}

const listDeliveries = {
  config,
  schema: {
    operationId: "listDeliveries",
    summary: "List deliveries",
    description:
      "Newest first, each with its attempts, without what was sent and answered. Where several filters are common and what meets them all is rare, a page may be short, even empty, and yet have a `next`: go on.",
    tags,
    querystring: DELIVERY_QUERY,
    response: answers({ 200: json("Deliveries", listOf(shape, "Deliveries")) }),
  },
};

const getDelivery = {
  config,
  schema: {
    operationId: "getDelivery",
    summary: "Show a delivery",
    description: "With what was sent in each attempt and what was answered.",
    tags,
    params: closed({ delivery: GivenId }),
    response: answers({ 200: json("The delivery", refer(WholeDeliveryShape)) }, "not-found"),
  },
};

/** Whether the hook of each is secured; null where it is gone. A page has few hooks, and never more than deliveries. */
async function findSecured(
  webhooks: DeliveryDeps["webhooks"],
  deliveries: readonly Delivery[],
): Promise<(delivery: Delivery) => boolean | null> {
  const ids = [...new Set(deliveries.map(({ hookId }) => hookId))];
  const hooks = await Promise.all(ids.map((id) => webhooks.findHook(id)));
  const secured = new Map(hooks.filter((hook) => hook !== null).map((hook) => [hook.id, isSecured(hook)]));
  return ({ hookId }) => secured.get(hookId) ?? null;
}

function allowedReach({ caller }: FastifyRequest): DeliveryReach {
  allow(caller, { verb: "read", thing: { kind: "deliveries" } });
  return orNotFound(reachOf(caller));
}
