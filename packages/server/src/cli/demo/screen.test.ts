import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_ACTIVITY } from "./activity.ts";
import { renderScreen, renderTally, type ScreenFacts } from "./screen.ts";

const FACTS: ScreenFacts = {
  publicUrl: "http://127.0.0.1:8080",
  providerUrl: "http://127.0.0.1:8081",
  trackerUrl: "http://127.0.0.1:41587",
  greeterUrl: "http://127.0.0.1:32805",
  prefix: "/integrations",
  operatorKeyPlace: "/home/.trulinks/operator.key",
  certificate: null,
  dataFolder: "/home/.trulinks",
  token: "tlg_f6f2d9ad1bfb9355704fc3e08d1b50211eb83f39",
  project: 1,
};

const SCREEN = `
TruLinks is up, with an API behind it and an app in front of it.

  for integrators   http://127.0.0.1:8080
        reference   http://127.0.0.1:8080/integrations/reference
  for the provider  http://127.0.0.1:8081
        reference   http://127.0.0.1:8081/reference
  operator key      /home/.trulinks/operator.key
  tracker           http://127.0.0.1:41587  the provider's API: issues, comments, pull requests
  greeter           http://127.0.0.1:32805  an app: greets every new issue with a comment
  fresh token       tlg_f6f2d9ad1bfb9355704fc3e08d1b50211eb83f39
                    ada lets the greeter's app act for her

Open an issue:
curl -H 'Authorization: Bearer tlg_f6f2d9ad1bfb9355704fc3e08d1b50211eb83f39' -H 'Content-Type: application/json' -d '{"title":"Hello"}' http://127.0.0.1:8080/projects/1/issues
Look at its deliveries:
curl -H 'Authorization: Bearer tlg_f6f2d9ad1bfb9355704fc3e08d1b50211eb83f39' 'http://127.0.0.1:8080/integrations/deliveries?type=issue.opened'
Look at the quota:
curl -H 'Authorization: Bearer tlg_f6f2d9ad1bfb9355704fc3e08d1b50211eb83f39' http://127.0.0.1:8080/integrations/rate_limit

Ctrl-C stops everything; the data stay in /home/.trulinks.
`;

test("the screen shows where everything is and what to try", () => {
  assert.equal(`\n${renderScreen(FACTS).join("\n")}`, SCREEN);
});

test("with the live line it fits 100 columns and 30 rows", () => {
  const lines = [...renderScreen(FACTS), renderTally(NO_ACTIVITY, 100)];
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 100)), 0);
  assert.ok(rows <= 30, `${rows} rows`);
  for (const line of lines) if (!line.startsWith("curl ")) assert.ok(line.length <= 100, line);
});

test("with TLS, the lines to paste trust the certificate by name", () => {
  const lines = renderScreen({ ...FACTS, certificate: "/home/cert.pem" });
  const pasted = lines.filter((line) => line.startsWith("curl "));
  assert.equal(pasted.length, 3);
  for (const line of pasted) assert.match(line, /^curl --cacert '\/home\/cert\.pem' -H /);
});

const BUSY = {
  requests: 12,
  refused: 0,
  events: 3,
  delivered: 3,
  failed: 0,
  last: "issue.opened → hok_… 202 in 4 ms",
};
const LINES: readonly [promise: string, tally: typeof BUSY, columns: number | null, line: string][] = [
  [
    "counts and the latest",
    BUSY,
    100,
    "12 requests · 3 events · 3 delivered · last: issue.opened → hok_… 202 in 4 ms",
  ],
  [
    "what went wrong, once something has",
    { ...BUSY, requests: 1, refused: 1, failed: 2 },
    null,
    "1 request · 1 refused · 3 events · 3 delivered · 2 failed · last: issue.opened → hok_… 202 in 4 ms",
  ],
  ["a narrow terminal cuts it", BUSY, 20, "12 requests · 3 ev…"],
  ["a terminal of no width shows next to nothing", BUSY, 1, "…"],
];
for (const [promise, tally, columns, line] of LINES) {
  test(`the live line: ${promise}`, () => assert.equal(renderTally(tally, columns), line));
}
