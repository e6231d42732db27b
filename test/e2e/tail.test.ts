/** `trulinks events tail` as a person runs it: a process of its own, through a restart of the platform, until Ctrl-C. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startPlatform } from "../platform.ts";
import { createClient } from "./client.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

const MAIN = fileURLToPath(new URL("../../packages/server/src/main.ts", import.meta.url));

test("events are followed through a kill of the platform, each end told once, until Ctrl-C", async (t) => {
  const receiver = await startWebhookReceiver({
    answer: ({ path }) => ({ status: path === "/declines" ? 422 : 204 }),
  });
  const platform = await startPlatform();
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  t.after(async () => {
    await provider.close();
    await platform.dispose();
    await receiver.close();
  });
  await provider.post("/v1/users", { id: "ada" });
  for (const path of ["good", "declines"]) {
    await provider.post("/v1/hooks", { user: "ada", url: `${receiver.url}/${path}`, events: ["*"] });
  }
  const publish = (id: string) =>
    provider.post("/v1/events", { id, type: "issue.opened", users: ["ada"], data: {} });
  await publish("before");

  const args = [
    "--conditions",
    "trulinks-source",
    MAIN,
    "events",
    "tail",
    "--json",
    "--url",
    platform.providerUrl,
  ];
  const env = { PATH: process.env["PATH"], TRULINKS_OPERATOR_KEY: platform.operatorKey };
  const tail = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => tail.kill("SIGKILL"));
  let [told, said] = ["", ""];
  tail.stdout.on("data", (chunk) => (told += String(chunk)));
  tail.stderr.on("data", (chunk) => (said += String(chunk)));
  const lines = () =>
    told
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const ends = (event: string) =>
    lines()
      .filter((line) => line.event === event)
      .map(({ state }) => state)
      .sort();
  const both = (event: string) =>
    until(
      () => ends(event).length === 2,
      () => `${event}: ${told}${said}`,
    );

  // It begins with what comes from now on, and nobody tells when that is: so the first is published until it is seen.
  for (let n = 0; lines().length === 0 && n < 100; n++) {
    await publish(`first-${n}`);
    await sleep(500);
  }
  await publish("second");
  await both("second");
  await platform.kill();
  await until(
    () => /does not answer/.test(said),
    () => said,
  );
  await platform.start();
  await publish("third");
  await both("third");
  assert.deepEqual(
    [ends("before"), ends("second"), ends("third")],
    [[], ["delivered", "rejected"], ["delivered", "rejected"]],
  );
  assert.match(said, /^http:\S+ does not answer \(\w+\)\. .* Waiting for it\.\nThe platform is back\.\n$/);

  const ended = once(tail, "exit");
  tail.kill("SIGINT");
  assert.deepEqual(await ended, [0, null]);
});

async function until(holds: () => boolean, otherwise: () => string): Promise<void> {
  for (let looks = 0; looks < 600; looks++) {
    if (holds()) return;
    await sleep(50);
  }
  assert.fail(otherwise());
}
