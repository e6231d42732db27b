/** Holds a request against its operation: scopes, then type and parameters, then the body, which is read for it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FieldError } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import { summaryOf } from "../schemas/field-errors.ts";
import { type BodyPlan, bodyErrors, judgeScopes, parameterErrors, planBody, readJson } from "./judge.ts";
import type { Operation } from "./operation.ts";
import type { CheckOf } from "./operation-checks.ts";
import type { Found } from "./operation-router.ts";
import { parameterValues } from "./parameter-values.ts";
import type { Refusal } from "./refusal.ts";
import { type BodyBudget, takeWhole } from "./whole-body.ts";

export interface Examined {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  /** Path and query as sent. */
  readonly path: string;
  readonly hasBody: boolean;
}

export interface ExamineDeps {
  readonly checkOf: CheckOf;
  readonly budget: BodyBudget;
  /** Of a body that is read whole. */
  readonly judgedBytesMax: number;
  /** With which a violation is answered. */
  readonly validationStatus: () => number;
}

export type Examination =
  | { readonly kind: "good"; readonly body: PassedBody; readonly done: () => void }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "left" };

/** How the body goes on. */
export type PassedBody =
  | { readonly kind: "none" }
  | { readonly kind: "stream" }
  /** It has been read, and is sent as it came. */
  | { readonly kind: "read"; readonly bytes: Buffer };

export async function examine(deps: ExamineDeps, found: Found, examined: Examined): Promise<Examination> {
  const { caller, hasBody, request } = examined;
  switch (found.kind) {
    case "unlisted":
      return good({ kind: hasBody ? "stream" : "none" });
    case "unknown":
      return refused({ code: "unknown-operation" });
    case "wrong-method": {
      const headers = [["Allow", found.allow]] as const;
      return refused({ code: "method-not-allowed", headers });
    }
    case "malformed":
      return refused({ code: "unparseable", detail: found.detail });
    case "operation": {
      const { operation } = found;
      const forbidden = judgeScopes(operation.security, caller);
      if (forbidden !== null) return refused(forbidden);
      const plan = planBody(operation.body, hasBody, request.headers);
      if (plan.kind === "refused") return plan;
      return examineContent(deps, { found, plan }, examined);
    }
    default:
      return found satisfies never;
  }
}

interface Content {
  readonly found: Extract<Found, { kind: "operation" }>;
  readonly plan: Exclude<BodyPlan, { kind: "refused" }>;
}

/** Everything that is wrong is told at once. */
async function examineContent(
  deps: ExamineDeps,
  { found, plan }: Content,
  examined: Examined,
): Promise<Examination> {
  const { operation } = found;
  const errors = [
    ...errorsOfParameters(deps, found, examined),
    ...(plan.kind === "flawed" ? plan.errors : []),
  ];
  if (plan.kind !== "judged") {
    if (errors.length > 0) return violation(deps, errors);
    return good({ kind: examined.hasBody ? "stream" : "none" });
  }
  const { request, response } = examined;
  const whole = await takeWhole(request, response, { bytesMax: deps.judgedBytesMax, budget: deps.budget });
  const { giveBack } = whole;
  const end = (examination: Examination): Examination => {
    giveBack();
    return examination;
  };
  if (whole.kind !== "read") return end(whole);
  const json = readJson(whole.bytes);
  if (json.kind === "refused") return end(json);
  const { resource = "Request" } = operation.body ?? {};
  errors.push(...bodyErrors(deps.checkOf(plan.schema), json.value, resource));
  if (errors.length > 0) return end(violation(deps, errors));
  return { kind: "good", body: { kind: "read", bytes: whole.bytes }, done: giveBack };
}

function errorsOfParameters(
  { checkOf }: ExamineDeps,
  { operation, parameters }: Content["found"],
  { path, request }: Examined,
): readonly FieldError[] {
  const { parametersSchema } = operation as Operation;
  if (parametersSchema === null) return [];
  const mark = path.indexOf("?");
  const query = mark < 0 ? "" : path.slice(mark + 1);
  const values = parameterValues(operation.parameters, { path: parameters, query, headers: request.headers });
  return parameterErrors(checkOf(parametersSchema), values);
}

function good(body: PassedBody): Examination {
  return { kind: "good", body, done: nothing };
}

function nothing(): void {}

function refused(refusal: Refusal): Examination {
  return { kind: "refused", refusal };
}

function violation({ validationStatus }: ExamineDeps, errors: readonly FieldError[]): Examination {
  const detail = summaryOf(errors);
  return refused({
    code: "validation-failed",
    status: validationStatus(),
    errors,
    ...(detail === undefined ? {} : { detail }),
  });
}
