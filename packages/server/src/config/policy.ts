/** The policy document: what a file says is laid over the defaults, and the whole is validated. */
import { basename } from "node:path";
import { POLICY_DEFAULT, type Policy } from "@trulinks/protocol";
import type { TSchema } from "typebox";
import { Errors } from "typebox/value";
import { suggest } from "../base/nearest.ts";
import { type Flaw, type Place, show, sortFlaws } from "./flaw.ts";
import { POLICY_SCHEMA, policyFromDocument } from "./policy-schema.ts";
import { type ReadText, readFailure } from "./text-reader.ts";
import { parseYaml, toPlain, type YamlNode } from "./yaml-tree.ts";

export type PolicyLoaded =
  | { readonly kind: "ok"; readonly policy: Policy }
  | { readonly kind: "flawed"; readonly flaws: readonly Flaw[] };

/** `file`: null means the defaults. `namedBy` is where a file that cannot be read was named. */
export function loadPolicy(file: string | null, namedBy: Place, read: ReadText): PolicyLoaded {
  if (file === null) return { kind: "ok", policy: POLICY_DEFAULT };
  const found = read(file);
  if (found.kind !== "text") {
    const message = `The policy file ${show(file)} ${readFailure(found)}.`;
    return { kind: "flawed", flaws: [{ place: namedBy, path: "policy", message }] };
  }
  return parsePolicy(found.text, basename(file));
}

/** `file` is the name to show in flaws. */
export function parsePolicy(text: string, file: string): PolicyLoaded {
  const parsed = parseYaml(text, file);
  if (parsed.kind === "flawed") return parsed;
  if (parsed.root === null) return { kind: "ok", policy: POLICY_DEFAULT };

  const whole = layOver(POLICY_DEFAULT, toPlain(parsed.root));
  const flaws = findFlaws(whole, parsed.root);
  if (flaws.length > 0) return { kind: "flawed", flaws };

  // Checked against the schema one line above.
  const policy = policyFromDocument(whole as Parameters<typeof policyFromDocument>[0]);
  const { root } = parsed;
  const broken = [checkCosts, checkTolerance, checkSteps, checkPayloads].flatMap((check) =>
    check(policy, root),
  );
  return broken.length > 0 ? { kind: "flawed", flaws: broken } : { kind: "ok", policy };
}

/** Maps are merged, all else is replaced. A section whose members are all commented out reads as null. */
function layOver(base: unknown, top: unknown): unknown {
  if (isRecord(base) && top === null) return base;
  if (!isRecord(base) || !isRecord(top)) return top;
  const members = Object.entries(top).map(([name, value]) => [
    name,
    Object.hasOwn(base, name) ? layOver(base[name], value) : value,
  ]);
  return { ...base, ...Object.fromEntries(members) };
}

function findFlaws(whole: unknown, root: YamlNode): readonly Flaw[] {
  const flaws = new Map<string, Flaw>();
  for (const error of Errors(POLICY_SCHEMA, whole)) {
    const steps = error.instancePath.split("/").slice(1);
    if (error.keyword === "additionalProperties") {
      for (const name of error.params.additionalProperties) {
        flaws.set([...steps, name].join("."), unknownMember([...steps, name], root));
      }
    } else if (!["not", "propertyNames"].includes(error.keyword)) {
      flaws.set(steps.join("."), wrongValue(steps, whole, root));
    }
  }
  return sortFlaws([...flaws.values()]);
}

function unknownMember(steps: readonly string[], root: YamlNode): Flaw {
  const path = steps.join(".");
  const section = schemaAt(steps.slice(0, -1));
  const known = Object.keys(section?.properties ?? {});
  const hint = known.length > 0 ? suggest(steps.at(-1) ?? "", known) : `Expected ${describe(section)}.`;
  return { place: placeOf(steps, root, "name"), path, message: `There is no ${path} in a policy. ${hint}` };
}

function wrongValue(steps: readonly string[], whole: unknown, root: YamlNode): Flaw {
  const path = steps.join(".");
  const value = steps.reduce((node, step) => (node as Record<string, unknown> | undefined)?.[step], whole);
  const is = path === "" ? "The policy" : path;
  const message = `${is} is ${show(value)}. Expected ${describe(schemaAt(steps))}.`;
  return { place: placeOf(steps, root, "value"), path, message };
}

function checkCosts({ points }: Policy, root: YamlNode): readonly Flaw[] {
  // A cost above what a minute has could never be granted, so waiting would be a lie.
  return (["read", "write"] as const)
    .filter((name) => points[name] > points.per_min)
    .map((name) => {
      const path = `points.${name}`;
      const message = `${path} is ${points[name]}, more than points.per_min (${points.per_min}) could ever grant.`;
      return { place: placeOf(["points", name], root, "value"), path, message };
    });
}

function checkSteps({ webhooks }: Policy, root: YamlNode): readonly Flaw[] {
  const { failing_after_s, paused_after_s } = webhooks;
  if (paused_after_s >= failing_after_s) return [];
  // Whose hook is paused has been told before.
  const path = "webhooks.paused_after_s";
  const message = `${path} is ${paused_after_s}, less than webhooks.failing_after_s (${failing_after_s}): a hook's owner is told before it is paused.`;
  return [{ place: placeOf(["webhooks", "paused_after_s"], root, "value"), path, message }];
}

function checkTolerance({ write_pacing: pacing }: Policy, root: YamlNode): readonly Flaw[] {
  // A whole gap of tolerance would be one more in the burst. Without a gap there is no pace to keep.
  if (pacing.gap_ms === 0 || pacing.tolerance_ms < pacing.gap_ms) return [];
  const path = "write_pacing.tolerance_ms";
  const message = `${path} is ${pacing.tolerance_ms}. Expected less than write_pacing.gap_ms (${pacing.gap_ms}).`;
  return [{ place: placeOf(["write_pacing", "tolerance_ms"], root, "value"), path, message }];
}

function checkPayloads({ webhooks }: Policy, root: YamlNode): readonly Flaw[] {
  const { payload_retention_days: payloadDays, retention_days: days } = webhooks;
  if (payloadDays === null || payloadDays <= days) return [];
  const path = "webhooks.payload_retention_days";
  const message = `${path} is ${payloadDays}, but the records they belong to are kept for ${days} (webhooks.retention_days). Payloads end with their records, or sooner.`;
  return [{ place: placeOf(path.split("."), root, "value"), path, message }];
}

/** The parts of JSON Schema that the policy's schema is made of. */
interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

function schemaAt(steps: readonly string[]): SchemaNode | undefined {
  const root: TSchema = POLICY_SCHEMA;
  return steps.reduce<SchemaNode | undefined>(
    (node, step) =>
      node?.properties?.[step] ?? node?.items ?? Object.values(node?.patternProperties ?? {})[0],
    root as SchemaNode,
  );
}

function describe(schema: SchemaNode | undefined): string {
  if (schema?.type === "integer") return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (Array.isArray(schema?.type))
    return `a whole number from ${schema?.minimum} to ${schema?.maximum}, or null`;
  if (schema?.type === "boolean") return "true or false";
  if (schema?.items) return `a list of at most ${schema.maxItems} items, each ${describe(schema.items)}`;
  if (schema?.patternProperties) return "names of a-z, 0-9 and _, each with limit and window_s";
  return `a section with ${Object.keys(schema?.properties ?? {}).join(", ")}`;
}

/** Where it stands, or the nearest that stands in the file around it. */
function placeOf(steps: readonly string[], root: YamlNode, what: "name" | "value"): Place {
  let node = root;
  let place = root.place;
  for (const step of steps) {
    if (node.kind === "list") {
      const item = node.items[Number(step)];
      if (item === undefined) return place;
      node = item;
      place = item.place;
    } else {
      const member = node.kind === "map" ? node.members.get(step) : undefined;
      if (member === undefined) return place;
      node = member.value;
      place = what === "name" ? member.place : node.place;
    }
  }
  return place;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
