/** Replays in both APIs: the same routes, over what the caller may reach. */
import type { ReplayId } from "@trulinks/protocol";
import type { FastifyRequest } from "fastify";
import { reachOf } from "../accounts/may.ts";
import { REPLAYS_MAX, REPLAYS_PER_OWNER_MAX, type Replay, type ReplayReach } from "../webhooks/replay.ts";
import type { ReplayChanged, ReplayMade, ReplayStore } from "../webhooks/replay-store.ts";
import type { Replays } from "../webhooks/replays.ts";
import { allow } from "./allow.ts";
import type { Api } from "./manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "./pages.ts";
import { missing, orNotFound, Refusal } from "./problem.ts";
import {
  ReplayBody,
  ReplayChangeBody,
  ReplayShape,
  replayChangeOf,
  replayFilterOf,
  replayShape,
} from "./resources/replay.ts";
import { answers, closed, empty, GivenId, json, refer } from "./schemas.ts";

const tags = ["replays"];
const config = { resource: "Replay" };
const shape = refer(ReplayShape);
const params = closed({ replay: GivenId });

export interface ReplayDeps {
  readonly replays: Replays;
  readonly replayRecords: Pick<ReplayStore, "findReplay" | "listReplays">;
}

/** `path`: `/v1/replays` or its like. */
export function replayRoutes(api: Api, path: string, { replays, replayRecords }: ReplayDeps): void {
  api.post(path, createReplay, async (request, reply) => {
    const reach = allowedReach(request, "change");
    const { per_s = null } = request.body;
    const made = await replays.begin({ reach, filter: replayFilterOf(request.body), perS: per_s });
    return reply.code(202).send(replayShape(madeOf(made)));
  });

  api.get(path, listReplays, async (request, reply) => {
    const page = await replayRecords.listReplays(
      allowedReach(request, "read"),
      pageRequestOf(request.query, "replays"),
    );
    return sendPage(request, reply, { page, list: "replays", show: replayShape });
  });

  api.get(`${path}/:replay`, getReplay, async (request) =>
    replayShape(orNotFound(await replayRecords.findReplay(idOf(request), allowedReach(request, "read")))),
  );

  api.patch(`${path}/:replay`, changeReplay, async (request) => {
    const change = replayChangeOf(request.body);
    const changed = await replays.change(idOf(request), allowedReach(request, "change"), change);
    return replayShape(changedOf(changed));
  });

  api.delete(`${path}/:replay`, cancelReplay, async (request, reply) => {
    const reach = allowedReach(request, "change");
    const changed = await replays.change(idOf(request), reach, { state: "cancelled" });
    if (changed.kind === "unknown") throw new Refusal("not-found");
    return reply.code(204).send();
  });
}

function idOf({ params: { replay } }: { readonly params: { readonly replay: string } }): ReplayId {
  return replay as ReplayId;
}

function madeOf(made: ReplayMade): Replay {
  switch (made.kind) {
    case "made":
      return made.replay;
    case "unknown-hook":
      throw missing("Replay", "hook");
    case "too-many-owned":
      throw new Refusal("too-many", {
        detail: `There are ${REPLAYS_PER_OWNER_MAX} replays already that have not ended: no more at once.`,
      });
    case "too-many":
      throw new Refusal("too-many", {
        detail: `There are ${REPLAYS_MAX} replays of all owners already that have not ended: no more at once.`,
      });
    default:
      return made satisfies never;
  }
}

function changedOf(changed: ReplayChanged): Replay {
  if (changed.kind === "unknown") throw new Refusal("not-found");
  if (changed.kind === "ended") {
    throw new Refusal("replay-ended", { detail: `This replay is ${changed.replay.state}.` });
  }
  return changed.replay;
}

/** A grant's token may do nothing with replays, so it is told the same of every one. */
function allowedReach({ caller }: Pick<FastifyRequest, "caller">, verb: "read" | "change"): ReplayReach {
  allow(caller, { verb, thing: { kind: "replays" } });
  const reach = orNotFound(reachOf(caller));
  if (reach.kind === "grant") throw new Refusal("forbidden");
  return reach;
}

const createReplay = {
  config: { ...config, exactNumbers: "refused" as const },
  schema: {
    operationId: "createReplay",
    summary: "Replay deliveries",
    description:
      "Delivers once more what has ended, in the order of each hook's numbers: a job of its own that is watched, paused and cancelled. What is made after it is none of it. Each delivery keeps its id, is signed and masked anew, and begins its retries anew.",
    tags,
    body: ReplayBody,
    response: answers({ 202: json("The replay, running", shape) }, "forbidden", "too-many"),
  },
};

const listReplays = {
  config,
  schema: {
    operationId: "listReplays",
    summary: "List replays",
    description: "Newest first: the provider sees all, others their own.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Replays", listOf(shape, "Replays")) }, "forbidden"),
  },
};

const getReplay = {
  config,
  schema: {
    operationId: "getReplay",
    summary: "Show a replay",
    description: "How far it is: `done` and `skipped` of `total`.",
    tags,
    params,
    response: answers({ 200: json("The replay", shape) }, "forbidden", "not-found"),
  },
};

const changeReplay = {
  config: { ...config, exactNumbers: "refused" as const },
  schema: {
    operationId: "changeReplay",
    summary: "Pause a replay, let it go on, change its pace",
    description: "What it has made to wait by then is delivered all the same.",
    tags,
    params,
    body: ReplayChangeBody,
    response: answers({ 200: json("The replay", shape) }, "forbidden", "not-found", "replay-ended"),
  },
};

const cancelReplay = {
  config,
  schema: {
    operationId: "cancelReplay",
    summary: "Cancel a replay",
    description:
      "What it has made to wait by then is delivered all the same. Its record stays for the time of retention.",
    tags,
    params,
    response: answers({ 204: empty("The replay has ended") }, "forbidden", "not-found"),
  },
};
