/** What the schema of the request cannot say about an event: whether its data is what its type promises. */
import type { FieldError } from "@trulinks/protocol";
import { unescapeSegment } from "../../base/json-pointer.ts";
import { fieldErrors } from "../../schemas/field-errors.ts";
import type { EventTerms } from "../../webhooks/event-type.ts";
import { EVENT_DEPTH_MAX } from "../../webhooks/inspect.ts";
import type { Judge, Judgement } from "../../webhooks/judge-event.ts";
import { inexactNumber } from "../json-body.ts";
import { Refusal } from "../problem.ts";
import { reservedType } from "../resources/event-type.ts";

export type Content =
  | { readonly kind: "good"; readonly terms: EventTerms }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export function judgeContent(
  judge: Judge,
  { type, data }: { readonly type: string; readonly data: Readonly<Record<string, unknown>> },
  inexactNumbers: readonly string[],
): Content {
  const judgement = judge(type, data);
  const errors = inexactNumbers.map((pointer) => inexactNumber("Event", pointer));
  if (judgement.kind === "too-deep") errors.push(TOO_DEEP);
  if (errors.length > 0) return refused(new Refusal("validation-failed", { errors }));
  return judgement.kind === "good" ? judgement : refused(refusalOf(judgement, type));
}

function refused(refusal: Refusal): Content {
  return { kind: "refused", refusal };
}

function refusalOf(judgement: Exclude<Judgement, { readonly kind: "good" }>, type: string): Refusal {
  switch (judgement.kind) {
    case "reserved":
      return new Refusal("validation-failed", { errors: [errorAt("/type", reservedType(type))] });
    case "too-deep":
      return new Refusal("validation-failed", { errors: [TOO_DEEP] });
    case "passwords": {
      const errors = judgement.pointers.map((pointer) =>
        errorAt(`/data${pointer}`, "A password never travels in a payload."),
      );
      return new Refusal("no-passwords", { errors });
    }
    case "unknown-type": {
      const meant = judgement.near === null ? "" : ` Did you mean ${judgement.near}?`;
      const message = `There is no event type ${type}.${meant}`;
      return new Refusal("unknown-event-type", {
        errors: [{ ...errorAt("/type", message), code: "missing" }],
      });
    }
    case "flawed": {
      const flaws = judgement.flaws.map((flaw) => ({ ...flaw, instancePath: `/data${flaw.instancePath}` }));
      return new Refusal("validation-failed", { errors: fieldErrors(flaws, "body", "Event") });
    }
    case "too-costly": {
      const message = `It takes too long to hold this data against the schema of ${type}.`;
      return new Refusal("validation-failed", { errors: [errorAt("/data", message)] });
    }
    default:
      return judgement satisfies never;
  }
}

/** Names the member, and never what stands in it. */
function errorAt(pointer: string, message: string): FieldError {
  const field = unescapeSegment(pointer.slice(pointer.lastIndexOf("/") + 1));
  return { resource: "Event", field, code: "invalid", message, pointer };
}

const TOO_DEEP = errorAt("/data", `data must not be nested deeper than ${EVENT_DEPTH_MAX} levels.`);
