/** The same vectors by Web Crypto: `#hmac` and `#ed25519` lead to the files that other runtimes get. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { vectorsContract } from "./vectors.contract.ts";

const replaced: string[] = [];
registerHooks({
  resolve(specifier, context, next) {
    if (!/^#(hmac|ed25519)$/.test(specifier)) return next(specifier, context);
    replaced.push(specifier);
    return next(new URL(`./${specifier.slice(1)}-web.ts`, import.meta.url).href, context);
  },
});

const protocol = await import("./index.ts");

test("signatures, answers and identities were made by Web Crypto", () => {
  assert.deepEqual(replaced.sort(), ["#ed25519", "#hmac", "#hmac", "#hmac"]);
});
vectorsContract("Web Crypto", protocol);
