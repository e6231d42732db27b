/** The vectors, run through one build of the protocol: each platform's test file calls it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Identity, IdKind } from "./index.ts";

type Protocol = typeof import("./index.ts");

interface StandardWebhooks {
  readonly sign: readonly {
    readonly name: string;
    readonly secrets: readonly string[];
    readonly id: string;
    readonly timestamp: number;
    readonly body: string;
    readonly signature: string;
  }[];
  readonly verify: readonly {
    readonly name: string;
    readonly secrets: readonly string[];
    readonly id: string | null;
    readonly timestamp: string | null;
    readonly signature: string | null;
    readonly body: string;
    readonly now: number;
    readonly verdict: string;
  }[];
  readonly secrets: readonly { readonly secret: string; readonly valid: boolean }[];
}

interface Asymmetric {
  readonly keys: readonly { readonly name: string; readonly seed: string; readonly public_key: string }[];
  readonly sign: readonly {
    readonly name: string;
    readonly seed: string;
    readonly id: string;
    readonly timestamp: number;
    readonly body: string;
    readonly signature: string;
  }[];
  readonly verify: readonly {
    readonly name: string;
    readonly public_keys: readonly string[];
    readonly id: string | null;
    readonly timestamp: string | null;
    readonly signature: string | null;
    readonly body: string;
    readonly now: number;
    readonly verdict: string;
  }[];
  readonly public_keys: readonly { readonly public_key: string; readonly valid: boolean }[];
}

interface GithubSignatures {
  readonly sign: readonly {
    readonly name: string;
    readonly secret: string;
    readonly body: string;
    readonly signature: string;
  }[];
}

interface Challenges {
  readonly answers: readonly {
    readonly name: string;
    readonly secret: string;
    readonly signature: "standard" | "github";
    readonly challenge: string;
    readonly answer: string;
  }[];
}

interface Identities {
  readonly key: string;
  readonly sign: readonly {
    readonly name: string;
    readonly timestamp: number;
    readonly identity: Identity;
    readonly value: string;
  }[];
}

interface Patterns {
  readonly matches: readonly { readonly pattern: string; readonly type: string; readonly matches: boolean }[];
  readonly patterns: readonly { readonly pattern: string; readonly valid: boolean }[];
}

interface Ids {
  readonly made: readonly {
    readonly kind: IdKind;
    readonly now_ms: number;
    readonly chance: string;
    readonly id: string;
  }[];
  readonly given: readonly { readonly id: string; readonly valid: boolean }[];
}

export function vectorsContract(platform: string, protocol: Protocol): void {
  describe(`the vectors, by ${platform}`, () => {
    standardWebhooks(protocol, read("standard-webhooks"));
    asymmetric(protocol, read("asymmetric"));
    githubSignatures(protocol, read("github-signatures"));
    challenges(protocol, read("challenge"));
    identities(protocol, read("identity"));
    patterns(protocol, read("patterns"));
    ids(protocol, read("ids"));
  });
}

function standardWebhooks(protocol: Protocol, vectors: StandardWebhooks): void {
  const keysOf = (secrets: readonly string[]): readonly Uint8Array[] =>
    secrets.map((secret) => protocol.parseSecret(secret) ?? assert.fail(`${secret} is no secret`));

  for (const { name, secrets, id, timestamp, body, signature } of vectors.sign) {
    test(`Standard Webhooks, signed: ${name}`, async () => {
      const message = { id, timestampS: timestamp, body: protocol.utf8(body) };
      assert.equal(await protocol.sign(keysOf(secrets), message), signature);
    });
  }
  for (const { name, secrets, id, timestamp, signature, body, now, verdict } of vectors.verify) {
    test(`Standard Webhooks, verified: ${name}: ${verdict}`, async () => {
      const received = {
        id: id ?? undefined,
        timestamp: timestamp ?? undefined,
        signature: signature ?? undefined,
        body: protocol.utf8(body),
      };
      const verification = await protocol.verify(keysOf(secrets), received, now * 1_000);
      assert.equal(verification.kind === "valid" ? "valid" : verification.because, verdict);
    });
  }
  test("Standard Webhooks: what is a secret and what is none", () => {
    for (const { secret, valid } of vectors.secrets) {
      const key = protocol.parseSecret(secret);
      assert.equal(key !== null, valid, secret);
      if (key !== null) assert.equal(protocol.formatSecret(key), secret);
    }
  });
}

function asymmetric(protocol: Protocol, vectors: Asymmetric): void {
  const openSigner = (seed: string) =>
    protocol.openSigner(protocol.fromBase64(seed) ?? assert.fail("the seed is no base64"));

  for (const { name, seed, public_key } of vectors.keys) {
    test(`asymmetric, the public key: ${name}`, async () => {
      assert.equal((await openSigner(seed)).publicKey, public_key);
    });
  }
  for (const { name, seed, id, timestamp, body, signature } of vectors.sign) {
    test(`asymmetric, signed: ${name}`, async () => {
      const message = { id, timestampS: timestamp, body: protocol.utf8(body) };
      assert.equal(await (await openSigner(seed)).sign(message), signature);
    });
  }
  for (const { name, public_keys, id, timestamp, signature, body, now, verdict } of vectors.verify) {
    test(`asymmetric, verified: ${name}: ${verdict}`, async () => {
      const keys = public_keys.map((key) => protocol.parsePublicKey(key) ?? assert.fail(`${key} is no key`));
      const received = {
        id: id ?? undefined,
        timestamp: timestamp ?? undefined,
        signature: signature ?? undefined,
        body: protocol.utf8(body),
      };
      const verification = await protocol.verifyAsymmetric(keys, received, now * 1_000);
      assert.equal(verification.kind === "valid" ? "valid" : verification.because, verdict);
    });
  }
  test("asymmetric: what is a public key and what is none", () => {
    for (const { public_key, valid } of vectors.public_keys) {
      const key = protocol.parsePublicKey(public_key);
      assert.equal(key !== null, valid, public_key);
      if (key !== null) assert.equal(protocol.formatPublicKey(key), public_key);
    }
  });
}

function githubSignatures(protocol: Protocol, vectors: GithubSignatures): void {
  for (const { name, secret, body, signature } of vectors.sign) {
    test(`GitHub's signature: ${name}`, async () => {
      assert.equal(await protocol.signGithub(secret, protocol.utf8(body)), signature);
    });
  }
}

function challenges(protocol: Protocol, vectors: Challenges): void {
  for (const { name, secret, signature, challenge, answer } of vectors.answers) {
    test(`a challenge answered: ${name}`, async () => {
      const key = signature === "github" ? protocol.utf8(secret) : protocol.parseSecret(secret);
      assert.ok(key !== null);
      assert.equal(await protocol.answerChallenge(key, challenge), answer);
    });
  }
}

function identities(protocol: Protocol, vectors: Identities): void {
  for (const { name, timestamp, identity, value } of vectors.sign) {
    test(`identity of ${name}`, async () => {
      const key = protocol.fromBase64(vectors.key) ?? assert.fail("the key is no base64");
      assert.equal(await protocol.signIdentity(key, identity, timestamp * 1_000), value);
      assert.equal(await protocol.verifyIdentity(key, identity, value, timestamp * 1_000), true);
    });
  }
}

function patterns(protocol: Protocol, vectors: Patterns): void {
  test("which types a pattern chooses", () => {
    for (const { pattern, type, matches } of vectors.matches) {
      assert.equal(protocol.matchesPattern(pattern, type), matches, `${pattern} and ${type}`);
    }
  });
  test("which texts are patterns", () => {
    const form = new RegExp(protocol.EVENT_PATTERN_PATTERN);
    for (const { pattern, valid } of vectors.patterns) assert.equal(form.test(pattern), valid, pattern);
  });
}

function ids(protocol: Protocol, vectors: Ids): void {
  test("ids that are made", () => {
    for (const { kind, now_ms, chance, id } of vectors.made) {
      assert.equal(protocol.makeId(kind, now_ms, Buffer.from(chance, "hex")), id);
    }
  });
  test("ids that a caller may give", () => {
    for (const { id, valid } of vectors.given)
      assert.equal(protocol.isGivenId(id), valid, JSON.stringify(id));
  });
}

function read<Vectors>(name: string): Vectors {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
}
