import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Apis, openApis } from "../api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

const BODY = { state: "suspended", reason: "Too many invalid requests." };
const put = (subject: string, body: unknown = BODY) =>
  apis.ask({ method: "PUT", path: `/v1/standings/${encodeURIComponent(subject)}`, body });

test("a standing is set, shown, changed, listed and lifted, and all of it is written down", async () => {
  const until = "2099-01-01T00:00:00.000Z";
  const made = await put("app:a1", { ...BODY, until, evidence_url: "https://provider.example/cases/1" });
  assert.equal(made.status, 201);
  const { since, ...rest } = made.json;
  assert.ok(Date.parse(since) > 0);
  assert.deepEqual(rest, {
    subject: "app:a1",
    state: "suspended",
    reason: BODY.reason,
    evidence_url: "https://provider.example/cases/1",
    until,
  });
  assert.deepEqual((await apis.ask({ method: "GET", path: "/v1/standings/app:a1" })).json, made.json);

  const changed = await put("app:a1", { ...BODY, state: "banned" });
  assert.deepEqual([changed.status, changed.json.state, changed.json.until], [200, "banned", null]);
  const { json: list } = await apis.ask({ method: "GET", path: "/v1/standings" });
  assert.deepEqual(list, { data: [changed.json], next: null });

  assert.equal((await apis.ask({ method: "DELETE", path: "/v1/standings/app:a1" })).status, 204);
  assert.equal((await apis.ask({ method: "DELETE", path: "/v1/standings/app:a1" })).status, 404);
  assert.equal((await apis.ask({ method: "GET", path: "/v1/standings/app:a1" })).status, 404);
  const { json: audit } = await apis.ask({ method: "GET", path: "/v1/audit?limit=2" });
  assert.deepEqual(
    audit.data.map((entry: Record<string, unknown>) => [entry["action"], entry["before"], entry["after"]]),
    [
      ["standing.lifted", changed.json, null],
      ["standing.set", made.json, changed.json],
    ],
  );
  const more = await apis.ask({ method: "GET", path: `/v1/audit?cursor=${audit.next}` });
  assert.deepEqual([more.json.data.length, more.json.data[0].before, more.json.next], [1, null, null]);
});

const SUBJECTS: readonly [text: string, subject: string | null][] = [
  ["user:ada", "user:ada"],
  ["grant:grn_1", "grant:grn_1"],
  ["address:192.0.2.1", "address:192.0.2.1"],
  ["address:::ffff:192.0.2.1", "address:192.0.2.1"],
  ["address:2001:DB8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"],
  ["address:2001:db8:1:2::/64", "address:2001:db8:1:2::/64"],
  ["address:192.0.2.1/64", null],
  ["address:192.0.2.0/24", null],
  ["address:example.com", null],
  ["user:", null],
  ["user:a b", null],
  ["team:a", null],
  ["ada", null],
];

describe("a subject is", () => {
  for (const [text, subject] of SUBJECTS) {
    test(subject === null ? `not ${text}` : `${text}, which is ${subject}`, async () => {
      const answer = await put(text);
      if (subject === null) {
        assert.deepEqual([answer.status, answer.json.errors[0].pointer], [422, "#/path/subject"]);
        return;
      }
      assert.deepEqual([answer.status < 300, answer.json.subject], [true, subject], answer.text);
      const shown = await apis.ask({ method: "GET", path: `/v1/standings/${encodeURIComponent(subject)}` });
      assert.equal(shown.status, 200);
    });
  }
});

const FLAWED: readonly [because: string, body: unknown, pointer: string][] = [
  ["the state is unknown", { ...BODY, state: "good" }, "/state"],
  ["there is no reason", { state: "banned" }, "/reason"],
  ["the end has been", { ...BODY, until: "2020-01-01T00:00:00Z" }, "/until"],
  ["the end is no time", { ...BODY, until: "tomorrow" }, "/until"],
  ["the evidence is no URL", { ...BODY, evidence_url: "javascript:alert(1)" }, "/evidence_url"],
  ["a member is unknown", { ...BODY, unitl: null }, "/unitl"],
];

describe("a standing is refused where", () => {
  for (const [because, body, pointer] of FLAWED) {
    test(because, async () => {
      const answer = await put("user:grace", body);
      assert.deepEqual([answer.status, answer.json.errors[0].pointer], [422, pointer]);
      assert.equal((await apis.ask({ method: "GET", path: "/v1/standings/user:grace" })).status, 404);
    });
  }
});

test("whoever asks for its quota is told its standing, too", async () => {
  await put("address:127.0.0.1", { ...BODY, until: "2099-01-01T00:00:00Z" });
  const { json } = await apis.askPublic({ as: null, method: "GET", path: "/rate_limit" });
  assert.deepEqual(json.standing, { state: "suspended", until: "2099-01-01T00:00:00.000Z" });
  await apis.ask({ method: "DELETE", path: "/v1/standings/address:127.0.0.1" });
  const { json: again } = await apis.askPublic({ as: null, method: "GET", path: "/rate_limit" });
  assert.deepEqual(again.standing, { state: "good", until: null });
});
