import type { ErrorCode } from "@trulinks/protocol";
import type { FastifyRequest } from "fastify";
import type { Static } from "typebox";
import { fieldErrors, type SchemaError } from "../../schemas/field-errors.ts";
import type { Judge } from "../../webhooks/judge-event.ts";
import { type EventRequest, type Published, placeKey } from "../../webhooks/publish.ts";
import { idempotencyKeyOf } from "../idempotency.ts";
import type { Api } from "../manners.ts";
import { problemOf, Refusal, type RefusalOptions } from "../problem.ts";
import { PROVIDER_PROBLEMS_PAGE } from "../problems-page.ts";
import {
  BATCH_BYTES_MAX,
  BatchBody,
  BatchShape,
  EVENT_BYTES_MAX,
  EventBody,
  eventRequestOf,
  ReceiptShape,
  receiptShape,
} from "../resources/event.ts";
import { answers, json, type ProblemShape, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";
import { judgeContent } from "./event-content.ts";
import { traced } from "./traced.ts";

const tags = ["events"];

export function eventRoutes(api: Api, { publish, findAnswered, catalogues }: ProviderDeps): void {
  api.post("/v1/events", publishEvent, async (request, reply) => {
    const { body } = request;
    const key = idempotencyKeyOf(request);
    const { judge } = await catalogues.current();
    const content = judgeContent(judge, body, request.inexactNumbers ?? []);
    if (content.kind === "refused") {
      const [before] = await findAnswered([eventRequestOf(body, key)]);
      if (before) return reply.code(202).send(receiptShape(before));
      throw content.refusal;
    }
    const [published] = await publish(traced(request, [eventRequestOf(body, key, content.terms)]));
    const result = resultOf(published);
    if (result.kind === "refused") throw result.refusal;
    return reply.code(202).send(result.receipt);
  });

  api.post("/v1/events/batch", publishEvents, async (request, reply) => {
    const key = idempotencyKeyOf(request);
    const { judge } = await catalogues.current();
    const verdicts = request.body.events.map((event, index) =>
      judgeOne(request, judge, { event, index, key }),
    );
    const good = verdicts.flatMap((verdict) => (verdict.kind === "good" ? [verdict.event] : []));
    const published = (good.length > 0 ? await publish(traced(request, good)) : []).values();
    const bad = verdicts.flatMap((verdict) => (verdict.kind === "bad" ? [verdict.event] : []));
    const before = (bad.length > 0 ? await findAnswered(bad) : []).values();
    const results = verdicts.map((verdict) => {
      if (verdict.kind === "good") return batchResult(resultOf(published.next().value));
      const receipt = verdict.kind === "bad" ? before.next().value : null;
      return batchResult(receipt ? { kind: "taken", receipt: receiptShape(receipt) } : refusedAs(verdict));
    });
    return reply.code(202).send({ results });
  });
}

const publishEvent = {
  bodyLimit: EVENT_BYTES_MAX,
  config: { resource: "Event", exactNumbers: "told" as const, ownIdempotency: true, traced: true },
  schema: {
    operationId: "publishEvent",
    summary: "Publish an event",
    description:
      "Answered when the event and its deliveries are on disk. The same `id` or `Idempotency-Key` again gives the same answer and no second delivery, for 7 days. What still waits under the same `key` for the same hook and user is `replaced` by this one. Numbers beyond 2^53 are sent as strings.",
    tags,
    body: EventBody,
    response: answers(
      { 202: json("Taken", refer(ReceiptShape)) },
      "no-recipient",
      "no-passwords",
      "unknown-event-type",
    ),
  },
};

const publishEvents = {
  bodyLimit: BATCH_BYTES_MAX,
  config: { resource: "Batch", exactNumbers: "told" as const, ownIdempotency: true, traced: true },
  schema: {
    operationId: "publishEvents",
    summary: "Publish up to 1 000 events",
    description:
      "Each is taken or refused on its own, as if it had been sent alone; in order. What was taken stands for 7 days under its `id`, and under the `Idempotency-Key` of the batch with its place in it: the same batch again gives the same answers and no second delivery.",
    tags,
    body: BatchBody,
    response: answers({ 202: json("One result for each event", refer(BatchShape)) }),
  },
};

interface Refused {
  readonly kind: "refused";
  readonly refusal: Refusal;
}

type Result = { readonly kind: "taken"; readonly receipt: Static<typeof ReceiptShape> } | Refused;

function resultOf(published: Published | undefined): Result {
  switch (published?.kind) {
    case "accepted":
    case "repeated":
      return { kind: "taken", receipt: receiptShape(published.receipt) };
    case "reused":
      return refused("idempotency-key-reused");
    case "no-recipient":
      return refused("no-recipient");
    case undefined:
      throw new Error("An event was published and has no result.");
    default:
      return published satisfies never;
  }
}

type BatchResult = Static<typeof BatchShape>["results"][number];

function batchResult(result: Result): BatchResult {
  if (result.kind === "taken") return { status: 202, ...result.receipt };
  const body = problemOf(result.refusal, PROVIDER_PROBLEMS_PAGE);
  return { status: body.status, problem: body as Static<typeof ProblemShape> };
}

function refused(code: ErrorCode, options: RefusalOptions = {}): Refused {
  return { kind: "refused", refusal: new Refusal(code, options) };
}

type Verdict =
  | { readonly kind: "good"; readonly event: EventRequest }
  /** Of the right form, and not taken unless it was before. */
  | { readonly kind: "bad"; readonly event: EventRequest; readonly refusal: Refusal }
  | Refused;

function refusedAs({ refusal }: Pick<Refused, "refusal">): Refused {
  return { kind: "refused", refusal };
}

/** One event of a batch, looked at as if it had come alone. */
function judgeOne(
  request: FastifyRequest,
  judge: Judge,
  { event, index, key }: { readonly event: unknown; readonly index: number; readonly key: string | null },
): Verdict {
  const validate = request.compileValidationSchema(EventBody, "body");
  if (!validate(event)) {
    const errors = fieldErrors((validate.errors ?? []) as readonly SchemaError[], "body", "Event");
    return refused("validation-failed", { errors });
  }
  if (isTooLarge(request, event)) {
    return refused("too-large", { detail: `The event is larger than ${EVENT_BYTES_MAX} bytes.` });
  }
  const prefix = `/events/${index}`;
  const inexact = (request.inexactNumbers ?? []).filter((pointer) => pointer.startsWith(`${prefix}/`));
  const body = event as Static<typeof EventBody>;
  const content = judgeContent(
    judge,
    body,
    inexact.map((pointer) => pointer.slice(prefix.length)),
  );
  const itsKey = placeKey(key, index);
  if (content.kind === "good") return { kind: "good", event: eventRequestOf(body, itsKey, content.terms) };
  return { kind: "bad", event: eventRequestOf(body, itsKey), refusal: content.refusal };
}

// Most batches are smaller than one event may be; only in others is each event measured.
function isTooLarge(request: FastifyRequest, event: unknown): boolean {
  const batchBytes = Number(request.headers["content-length"] ?? Number.POSITIVE_INFINITY);
  return batchBytes > EVENT_BYTES_MAX && Buffer.byteLength(JSON.stringify(event)) > EVENT_BYTES_MAX;
}
