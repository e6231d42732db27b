import assert from "node:assert/strict";
import { createServer } from "node:https";
import { test } from "node:test";
import { makeSelfSigned } from "../../../../test/certificates.ts";
import { createTestPoster, listen, receive, requestTo } from "./post-fixtures.contract.ts";

const STAGES = ["dnsMs", "connectMs", "tlsMs"] as const;

test("an attempt knows what each stage took, as far as it came", async (context) => {
  const secured = { ...(await makeSelfSigned({ hosts: ["localhost"] })) };
  const server = createServer(secured, (_, answer) => answer.end());
  const tlsPort = await listen(context, server);
  const plain = await receive(context, (_, answer) => answer.end());
  const cases = [
    ["an address has no name", plain, {}, ["connectMs"]],
    ["a name is found", plain.replace("127.0.0.1", "localhost"), {}, ["dnsMs", "connectMs"]],
    ["TLS", `https://localhost:${tlsPort}/`, { verifyTls: false }, ["dnsMs", "connectMs", "tlsMs"]],
    ["a bad certificate", `https://localhost:${tlsPort}/`, {}, ["dnsMs", "connectMs"]],
    ["nobody listens", "http://localhost:1/", {}, ["dnsMs"]],
    ["the name is not known", "http://nowhere.example/", {}, []],
  ] as const;
  const poster = createTestPoster(context);
  for (const [why, url, terms, reached] of cases) {
    const { connected } = await poster.post(requestTo(url, { ...terms, deadlineMs: 2_000 }));
    const known = STAGES.filter((stage) => typeof connected?.[stage] === "number");
    assert.deepEqual(known, reached, why);
  }
});
