import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Redis } from "ioredis";
import { type RedisForTests, useRedis } from "./redis.ts";

let redis: RedisForTests | undefined;
after(() => redis?.stop());

test("each prefix has keys of its own", async () => {
  redis ??= await useRedis();
  const [first, second] = [redis.newPrefix(), redis.newPrefix()].map((keyPrefix) => connect({ keyPrefix }));
  try {
    await first?.set("mark", "1");
    assert.equal(await first?.get("mark"), "1");
    assert.equal(await second?.get("mark"), null);
  } finally {
    await first?.del("mark");
    first?.disconnect();
    second?.disconnect();
  }
});

test("what is written is appended to a file, at least once a second", async () => {
  redis ??= await useRedis();
  const client = connect({});
  try {
    const info = await client.info("persistence");
    assert.match(info, /^aof_enabled:1\r$/m);
    assert.match(info, /^aof_last_write_status:ok\r$/m);
  } finally {
    client.disconnect();
  }
});

function connect(options: { readonly keyPrefix?: string }): Redis {
  return new Redis(redis?.url ?? "", options);
}
