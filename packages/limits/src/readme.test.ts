/** The examples of the README run as they stand; only the port is another. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { promisify } from "node:util";

const PACKAGE = new URL("../", import.meta.url);
const EXAMPLES = [...readFileSync(new URL("README.md", PACKAGE), "utf8").matchAll(/```ts\n(.*?)```/gs)].map(
  ([, code = ""]) => code,
);

/** Asks the example's server and says what it answers. */
const ASKING = `
import { once as onceDone } from "node:events";
if (!server.listening) await onceDone(server, "listening");
const answer = await fetch("http://127.0.0.1:" + server.address().port + "/");
console.log(answer.status, await answer.text(), answer.headers.get("x-ratelimit-remaining"));
process.exit();
`;

describe("the README's examples", () => {
  test("are all there", () => assert.equal(EXAMPLES.length, 6));

  for (const [index, example] of EXAMPLES.entries()) {
    const isServer = example.includes("3000");
    test(`number ${index + 1} ${isServer ? "serves, and tells the quota" : "decides"}`, async () => {
      const code = isServer ? example.replace("3000", "0") + ASKING : example;
      const args = ["--conditions", "trulinks-source", "--input-type=module-typescript", "--eval", code];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: PACKAGE });
      if (isServer) assert.match(stdout, /^200 hello\n 59$/m);
      else assert.match(stdout, /write_pacing: \{ limit: 10, remaining: 10/);
    });
  }
});
