/** A request that has been admitted and found good: once, where it has an `Idempotency-Key`, and else as often as it comes. */
import type { Log } from "../base/log.ts";
import type { KeptAnswers } from "../idempotency/kept-answers.ts";
import { type End, refused } from "./ending.ts";
import type { ExamineDeps } from "./examine.ts";
import { once, readKey } from "./once.ts";
import { type PassDeps, type Passed, pass } from "./pass.ts";
import type { Visit } from "./visit.ts";
import { takeWhole } from "./whole-body.ts";

export interface CarryOutDeps extends PassDeps, Pick<ExamineDeps, "budget" | "judgedBytesMax"> {
  /** Left out: `Idempotency-Key` is the upstream's affair. */
  readonly kept?: KeptAnswers;
  readonly log: Log;
}

export async function carryOut(deps: CarryOutDeps, visit: Visit, passed: Omit<Passed, "copy">): Promise<End> {
  const { kept, connected, quotas, log } = deps;
  const { request, response, operation, requestId } = visit;
  if (kept === undefined || connected === null || operation?.idempotency === "upstream") {
    return pass(deps, visit, { ...passed, copy: null });
  }
  const read = readKey(request);
  if (read.kind === "refused") return refused(read.refusal);
  if (read.kind === "none") return pass(deps, visit, { ...passed, copy: null });

  // It has to be known whole, so that a repetition can be told from another request.
  const whole =
    passed.body.kind === "stream"
      ? await takeWhole(request, response, { bytesMax: deps.judgedBytesMax, budget: deps.budget })
      : { ...passed.body, giveBack: () => {} };
  try {
    if (whole.kind === "refused" || whole.kind === "left") return whole;
    const body = whole.kind === "read" ? { kind: "read" as const, bytes: whole.bytes } : passed.body;
    const asked = {
      ...{ kept, key: read.key, caller: quotas.keyOf(passed.caller), path: passed.asked.path },
      method: request.method ?? "POST",
      body: body.kind === "read" ? body.bytes : null,
      contentType: request.headers["content-type"],
      heldMs: connected.timeoutMs + connected.silenceMsMax,
      onUnkept: (error: unknown) => log.warn("answer.unkept", { request: requestId, error }),
    };
    return await once(asked, (copy) => pass(deps, visit, { ...passed, body, copy }));
  } finally {
    whole.giveBack();
  }
}
