import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Apis, type Method, OPERATOR, openApis, type Sent } from "./api-fixtures.contract.ts";
import { CALLERS, type CallerName, INTEGRATOR_MATRIX, MATRIX, PROVIDER_MATRIX, type Row } from "./matrix.ts";
import { basic, makeBadCredentials, makeWorld, told, type World } from "./matrix-world.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "PUT", path: "/v1/event-types/a.b", body: { schema: {}, examples: [{}] } });
});
after(() => apis.close());

type Ids = Readonly<Record<"hook" | "user" | "delivery" | "replay" | "grant" | "type", string>>;

function idsOf({ one, appDelivery, userDelivery, appReplay, userReplay }: World, of: "app" | "user"): Ids {
  const common = { user: one.user, grant: one.grant, type: "a.b" };
  return of === "app"
    ? { ...common, hook: one.appHook, delivery: appDelivery, replay: appReplay }
    : { ...common, hook: one.userHook, delivery: userDelivery, replay: userReplay };
}

const NOTHING: Ids = {
  hook: "hok_none",
  user: "nobody",
  delivery: "dlv_none",
  replay: "rpl_none",
  grant: "grn_none",
  type: "no.such",
};

const BODIES: Readonly<Record<string, object>> = {
  "POST /integrations/hooks": { url: "https://example.com/mine", events: ["a.*"] },
  "PATCH /integrations/hooks/{hook}": { events: ["a.*"] },
  "POST /integrations/replays": {},
  "PATCH /integrations/replays/{replay}": { state: "paused" },
  "POST /integrations/hooks/{hook}/events/ack": { through: 0 },
  "POST /integrations/hooks/{hook}/tests": { type: "a.b" },
};

function sentOf(operation: string, ids: Ids, as: string | null): Sent {
  const [method = "", path = ""] = operation.split(" ");
  const body = BODIES[operation];
  return {
    method: method as Method,
    path: path.replaceAll(/\{([a-z]+)\}/g, (_, name: keyof Ids) => ids[name] ?? "some-id"),
    as,
    ...(body ? { body } : {}),
  };
}

test("the matrix names every operation of both documents, and none that there is not", () => {
  const operations = [apis.provider, apis.integrator].flatMap((api) =>
    Object.entries(api.swagger().paths ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
    ),
  );
  assert.deepEqual(Object.keys(MATRIX).toSorted(), operations.toSorted());
});

describe("whoever shows good credentials", () => {
  for (const [operation, rule] of Object.entries(INTEGRATOR_MATRIX)) {
    if (rule.kind !== "callers") continue;
    for (const [of, row] of [["app", rule.app] as const, ["user", rule.user] as const]) {
      if (row === undefined) continue;
      test(`${operation}, a thing of the ${of}: ${summary(row)}`, async () => {
        for (const caller of CALLERS) await tryCell(operation, of, caller, row);
      });
    }
  }
});

async function tryCell(operation: string, of: "app" | "user", caller: CallerName, row: Row): Promise<void> {
  const world = await makeWorld(apis);
  const as = world.credentials[caller];
  const answer = await apis.askPublic(sentOf(operation, idsOf(world, of), as));
  const expected = row[caller];
  const at = `${caller}: ${answer.status} ${answer.text}`;
  if (expected === "yes" || expected === "own") {
    assert.ok(answer.status >= 200 && answer.status < 300, at);
    for (const hook of strangeHooks(world, caller)) assert.ok(!answer.text.includes(hook), at);
    return;
  }
  assert.equal(answer.status, expected, at);
  // What is hidden, or forbidden whatever it is, is told in the words used for what does not exist.
  if (expected === 404 || /\{(grant|replay)\}/.test(operation)) {
    assert.deepEqual(told(answer), told(await apis.askPublic(sentOf(operation, NOTHING, as))), at);
  }
}

/** The hooks that a caller must never hear of. */
function strangeHooks({ one, other }: World, caller: CallerName): readonly string[] {
  const known: Readonly<Record<CallerName, string>> = {
    app: one.appHook,
    grant: one.appHook,
    sibling: one.appHook,
    user: one.userHook,
    otherApp: other.appHook,
    otherGrant: other.appHook,
    otherUser: other.userHook,
  };
  return [one, other].flatMap((side) => [side.appHook, side.userHook]).filter((id) => id !== known[caller]);
}

function summary(row: Row): string {
  return CALLERS.map((caller) => `${caller} ${row[caller]}`).join(", ");
}

describe("whoever shows no credentials or bad ones", () => {
  for (const [operation, rule] of Object.entries(INTEGRATOR_MATRIX)) {
    const anonymous = rule.kind === "open" ? 200 : 401;
    test(`${operation}: ${anonymous} without, 401 with bad ones, whatever is asked for`, async () => {
      const world = await makeWorld(apis);
      const bad = await makeBadCredentials(apis, world);
      const first = await apis.askPublic(sentOf(operation, idsOf(world, "app"), null));
      assert.equal(first.status, anonymous, first.text);
      for (const [why, as] of Object.entries(bad)) {
        const answer = await apis.askPublic(sentOf(operation, idsOf(world, "app"), as));
        assert.equal(answer.status, 401, `${why}: ${answer.text}`);
        assert.equal(answer.json.type, "urn:trulinks:problem:bad-credentials", why);
        const nothing = await apis.askPublic(sentOf(operation, NOTHING, as));
        assert.deepEqual(told(answer), told(nothing), why);
      }
    });
  }
});

describe("the provider's listener", () => {
  for (const [operation, rule] of Object.entries(PROVIDER_MATRIX)) {
    test(`${operation}: ${rule.kind === "open" ? "for everybody" : "401 without the operator key"}`, async () => {
      const world = await makeWorld(apis);
      const strangers: Readonly<Record<string, string | null>> = {
        nobody: null,
        "another key": `${OPERATOR}0`,
        "the key's beginning": OPERATOR.slice(0, -1),
        "the key as Basic": basic("operator", OPERATOR.slice("Bearer ".length)),
        ...world.credentials,
      };
      const answers: object[] = [];
      for (const [who, as] of Object.entries(strangers)) {
        const ids = {
          hook: world.one.appHook,
          user: world.one.user,
          delivery: world.appDelivery,
          replay: world.appReplay,
          grant: world.one.grant,
          type: "a.b",
        };
        const { path, method } = sentOf(operation, ids, as);
        const answer = await apis.ask({ method, path, as });
        assert.equal(answer.status, rule.kind === "open" ? 200 : 401, `${who}: ${answer.text}`);
        answers.push(told(answer));
      }
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
    });
  }

  test("tells strangers the same of paths that there are and paths that there are not", async () => {
    const there = await apis.ask({ method: "GET", path: "/v1/users", as: null });
    const wrongMethod = await apis.ask({ method: "DELETE", path: "/v1/users", as: null });
    const nowhere = await apis.ask({ method: "GET", path: "/v1/nowhere", as: null });
    assert.deepEqual(told(nowhere), told(there));
    assert.deepEqual(told(wrongMethod), told(there));
  });
});
