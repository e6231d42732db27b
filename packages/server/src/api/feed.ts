/** The catch-up feed in both APIs: the same two routes below a hook, for whoever may read what it is sent. */
import type { ErrorCode } from "@trulinks/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { FEED_COUNT_DEFAULT, type Feeds } from "../webhooks/feed.ts";
import type { Hook } from "../webhooks/hook.ts";
import type { WebhookStore } from "../webhooks/store.ts";
import { allow } from "./allow.ts";
import { hookParams } from "./hook-operations.ts";
import type { Api } from "./manners.ts";
import { orNotFound } from "./problem.ts";
import {
  AcknowledgedShape,
  AcknowledgementBody,
  acknowledgedShape,
  FEED_QUERY,
  FeedShape,
  feedShape,
} from "./resources/feed.ts";
import { hookIdOf } from "./resources/hook.ts";
import { answers, json, refer } from "./schemas.ts";

export interface FeedDeps {
  readonly webhooks: Pick<WebhookStore, "findHook">;
  readonly feeds: Feeds;
}

/** `path`: `/v1/hooks/:hook` or its like. `refusals`: those of the listener beside the ones that both have. */
export function feedRoutes(
  api: Api,
  path: string,
  { webhooks, feeds }: FeedDeps,
  ...refusals: readonly ErrorCode[]
): void {
  api.get(`${path}/events`, readFeed(refusals), async (request, reply) => {
    const { after = null, limit = FEED_COUNT_DEFAULT, wait_s: waitS = 0 } = request.query;
    const hook = await readableHook(webhooks, request);
    const signal = goneSignal(reply);
    const read = await feeds.read(hook, { after, countMax: limit, waitMs: waitS * 1_000, signal });
    const feed = feedShape(read);
    if (feed.next < feed.newest) reply.header("Link", `<${nextTarget(request.url, feed.next)}>; rel="next"`);
    return feed;
  });

  api.post(`${path}/events/ack`, acknowledge(refusals), async (request, reply) => {
    const { through } = request.body;
    const { id } = await readableHook(webhooks, request);
    return acknowledgedShape(await feeds.acknowledge(id, through, goneSignal(reply)), through);
  });
}

const tags = ["hooks"];

const readFeed = (refusals: readonly ErrorCode[]) => ({
  config: { resource: "Feed" },
  schema: {
    operationId: "readFeed",
    summary: "Read a hook's catch-up feed",
    description:
      "The hook's deliveries in the order of their numbers, whatever the hook's state, signed and masked as a POST made now would be. Where nothing can be given there is `{ sequence, state }`. Reading changes nothing: what was worked through is acknowledged. With `wait_s` the answer waits for the next delivery.",
    tags,
    params: hookParams,
    querystring: FEED_QUERY,
    response: answers(
      { 200: json("A page of the feed", refer(FeedShape)) },
      "not-found",
      ...refusals,
      "behind-retention",
      "too-many-waiting",
    ),
  },
});

const acknowledge = (refusals: readonly ErrorCode[]) => ({
  config: { resource: "Feed", isFreeing: true },
  schema: {
    operationId: "acknowledgeFeed",
    summary: "Settle what was read in a hook's feed",
    description:
      "What waits up to and including this number is `delivered`, and not sent any more. The same again settles nothing.",
    tags,
    params: hookParams,
    body: AcknowledgementBody,
    response: answers({ 200: json("What was settled", refer(AcknowledgedShape)) }, "not-found", ...refusals),
  },
});

type FeedRequest = Pick<FastifyRequest, "caller"> & { readonly params: { readonly hook: string } };

async function readableHook(webhooks: FeedDeps["webhooks"], { caller, params }: FeedRequest): Promise<Hook> {
  const hook = orNotFound(await webhooks.findHook(hookIdOf(params)));
  allow(caller, { verb: "feed", thing: { kind: "hook", owner: hook.owner } });
  return hook;
}

/** Aborted when the caller is gone before it is answered. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => gone.abort());
  return gone.signal;
}

function nextTarget(target: string, next: number): string {
  const [path = "", query = ""] = target.split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.set("after", String(next));
  return `${path}?${parameters}`;
}
