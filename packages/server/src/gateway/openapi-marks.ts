/** What an OpenAPI document says to the platform alone: members that begin with `x-trulinks-`. */
import { suggest } from "../base/nearest.ts";
import type { JsonObject } from "../schemas/schema-walk.ts";
import { type Located, type Reading, tell } from "./openapi-references.ts";
import { MARKS_DEFAULT, type Marks } from "./operation.ts";

interface Mark {
  readonly expects: string;
  readonly isGood: (value: unknown) => boolean;
}

/** As the policy has it for `points`. */
export const COST_MAX = 1_000_000;
export const RESOURCE = /^[a-z0-9_]{1,64}$/;

const MARKS: Readonly<Record<string, Mark>> = {
  "x-trulinks-resource": {
    expects: "the name of a quota: at most 64 of a-z, 0-9 and _",
    isGood: (value) => typeof value === "string" && RESOURCE.test(value),
  },
  "x-trulinks-cost": {
    expects: `a whole number of points from 0 to ${COST_MAX}`,
    isGood: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= COST_MAX,
  },
  "x-trulinks-content": {
    expects: "true or false",
    isGood: (value) => typeof value === "boolean",
  },
  "x-trulinks-idempotency": {
    expects: "gateway or upstream",
    isGood: (value) => value === "gateway" || value === "upstream",
  },
};

const PREFIX = "x-trulinks-";

export function readMarks(reading: Reading, { value, pointer }: Located<JsonObject>): Marks {
  const good = new Map<string, unknown>();
  for (const [name, given] of Object.entries(value)) {
    if (!name.startsWith(PREFIX)) continue;
    const mark = Object.hasOwn(MARKS, name) ? MARKS[name] : undefined;
    if (mark === undefined) {
      tell(reading, `${pointer}/${name}`, `There is no such mark. ${suggest(name, Object.keys(MARKS))}`);
    } else if (!mark.isGood(given)) {
      tell(reading, `${pointer}/${name}`, `Expected ${mark.expects}.`);
    } else {
      good.set(name, given);
    }
  }
  return {
    resource: (good.get("x-trulinks-resource") as string | undefined) ?? MARKS_DEFAULT.resource,
    cost: (good.get("x-trulinks-cost") as number | undefined) ?? MARKS_DEFAULT.cost,
    isContent: good.get("x-trulinks-content") === true,
    idempotency: good.get("x-trulinks-idempotency") === "upstream" ? "upstream" : MARKS_DEFAULT.idempotency,
  };
}
