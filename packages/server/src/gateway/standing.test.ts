import assert from "node:assert/strict";
import { test } from "node:test";
import { AS_GRANT, ask, startGateway } from "./gateway-fixtures.contract.ts";
import type { Barred } from "./standing.ts";
import { startUpstream } from "./upstream-fixtures.contract.ts";

const BANNED: Barred = { state: "banned", reason: "Sent spam.", evidenceUrl: null, untilMs: null };
const SUSPENDED: Barred = {
  state: "suspended",
  reason: "Ignored validation errors.",
  evidenceUrl: "https://provider.example/cases/1",
  untilMs: Date.parse("2099-01-01T00:00:00Z"),
};

const CASES: readonly [because: string, barred: Barred, members: object][] = [
  [
    "for good",
    BANNED,
    {
      reason: "Sent spam.",
      until: null,
      evidence_url: "/integrations/app",
      appeal_url: "/integrations/app/appeals",
    },
  ],
  [
    "for a time",
    SUSPENDED,
    {
      reason: "Ignored validation errors.",
      until: "2099-01-01T00:00:00.000Z",
      evidence_url: "https://provider.example/cases/1",
      appeal_url: "/integrations/app/appeals",
    },
  ],
];

for (const [because, barred, members] of CASES) {
  test(`who is barred ${because} is told why, until when and where to appeal, and neither pays nor reaches the upstream`, async () => {
    await using upstream = await startUpstream();
    let isBarred = true;
    await using gateway = await startGateway(upstream.url, {
      standingOf: ({ kind }) => (isBarred && kind === "grant" ? barred : null),
    });
    for (let times = 0; times < 3; times++) {
      const answer = await ask(gateway, { method: "POST", headers: AS_GRANT, body: "{}" });
      const body = JSON.parse(answer.body);
      assert.deepEqual([answer.status, body.type], [403, `urn:trulinks:problem:${barred.state}`]);
      assert.partialDeepStrictEqual(body, { ...members, guideline: "heed-errors" });
      assert.ok(body.detail.includes(barred.reason));
      assert.equal(answer.headers["retry-after"], undefined);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
    }
    assert.equal(upstream.requests.length, 0);
    assert.equal((await ask(gateway)).status, 200, "others go on");
    isBarred = false;
    assert.equal((await ask(gateway, { headers: AS_GRANT })).headers["x-ratelimit-used"], "1");
    await gateway.logged(5);
    assert.deepEqual(
      [gateway.lines[0]?.event, gateway.lines[0]?.fields["code"], gateway.lines[0]?.fields["caller"]],
      ["request.refused", barred.state, "grant"],
    );
  });
}
