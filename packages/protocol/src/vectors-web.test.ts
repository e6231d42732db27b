/** The same vectors by Web Crypto: `#hmac` leads to the file that other runtimes get. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { vectorsContract } from "./vectors.contract.ts";

let replacedCount = 0;
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "#hmac") return next(specifier, context);
    replacedCount++;
    return next(new URL("./hmac-web.ts", import.meta.url).href, context);
  },
});

const protocol = await import("./index.ts");

test("signatures, answers and identities were made by Web Crypto", () => assert.equal(replacedCount, 3));
vectorsContract("Web Crypto", protocol);
