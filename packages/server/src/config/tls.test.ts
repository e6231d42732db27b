import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { makeAuthority } from "../../../../test/certificates.ts";
import { systemClock } from "../base/clock.ts";
import { createLog } from "../base/log.ts";
import {
  type CertificateFiles,
  certificateFiles,
  clientCertificateFiles,
  readCertificate,
} from "./certificate.ts";
import { formatFlaw } from "./flaw.ts";
import { readText } from "./text-reader.ts";
import { openTls } from "./tls.ts";

const SOURCES = {
  "tls.cert": { kind: "flag", flag: "--tls-cert" },
  "tls.key": { kind: "variable", name: "TRULINKS_TLS_KEY" },
} as const;

const root = mkdtempSync(join(tmpdir(), "trulinks-tls-"));
after(() => rmSync(root, { recursive: true, force: true }));
const authority = await makeAuthority();
const good = await authority.issue({ hosts: ["localhost"] });
const other = await authority.issue({ hosts: ["localhost"] });

let pairs = 0;
function newFiles(): { cert: string; key: string } {
  const stem = join(root, String(pairs++));
  return { cert: `${stem}.cert.pem`, key: `${stem}.key.pem` };
}

function collectLog() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, log: createLog({ level: "debug", destination }) };
}

/** As if options had named them. */
function named({ cert, key }: { readonly cert: string; readonly key: string }): CertificateFiles {
  return certificateFiles({ tls: { cert, key } }, SOURCES) ?? assert.fail("both are given");
}

test("TLS is asked for when both files are given", () => {
  assert.equal(certificateFiles({ tls: { cert: null, key: null } }, SOURCES), null);
  const [cert, key] = [SOURCES["tls.cert"], SOURCES["tls.key"]];
  assert.deepEqual(named({ cert: "/c", key: "/k" }), {
    cert: { path: "tls.cert", file: "/c", place: cert },
    key: { path: "tls.key", file: "/k", place: key },
  });
});

test("a certificate is shown to receivers when both files are given", () => {
  const place = { kind: "flag", flag: "--hooks-client-cert" } as const;
  const sources = { "hooks.client_cert": place, "hooks.client_key": place };
  const files = (cert: string | null, key: string | null) =>
    clientCertificateFiles({ hooks: { client_cert: cert, client_key: key } }, sources);
  assert.equal(files(null, null), null);
  assert.deepEqual(files("/c", "/k")?.key, { path: "hooks.client_key", file: "/k", place });
});

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const locked = privateKey
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "s3cret" })
  .toString();

const flawed: readonly (readonly [
  reason: string,
  cert: string | null,
  key: string | null,
  messages: readonly RegExp[],
])[] = [
  [
    "both files are missing",
    null,
    null,
    [
      /^--tls-cert: tls\.cert: The file .* is not there\.$/,
      /^TRULINKS_TLS_KEY: tls\.key: The file .* is not there/,
    ],
  ],
  [
    "the certificate is none",
    "hello",
    good.key,
    [/^--tls-cert: .* has no certificate that can be read\. Expected PEM\.$/],
  ],
  [
    "the key is none",
    good.cert,
    "hello",
    [/has no private key that can be read\. Expected PEM without a passphrase/],
  ],
  ["the files are swapped", good.key, good.cert, [/no certificate/, /no private key/]],
  ["the key has a passphrase", good.cert, locked, [/Expected PEM without a passphrase/]],
  [
    "the key belongs to another certificate",
    good.cert,
    other.key,
    [/^TRULINKS_TLS_KEY: .* does not belong to the certificate/],
  ],
  [
    "a certificate of the chain is cut short",
    `${good.cert}\n${authority.cert.slice(0, 200)}\n-----END CERTIFICATE-----\n`,
    good.key,
    [/^--tls-cert: .* cannot be used/],
  ],
];

for (const [reason, cert, key, messages] of flawed) {
  test(`a start is refused and says which file when ${reason}`, () => {
    const files = newFiles();
    if (cert !== null) writeFileSync(files.cert, cert);
    if (key !== null) writeFileSync(files.key, key);
    const read = readCertificate(named(files), readText);
    assert(read.kind === "flawed");
    const flaws = read.flaws.map(formatFlaw);
    assert.equal(flaws.length, messages.length, flaws.join("\n"));
    for (const [index, message] of messages.entries()) assert.match(flaws[index] ?? "", message);
    assert.doesNotMatch(flaws.join(), /BEGIN/);
    const { log } = collectLog();
    assert.throws(() => openTls({ files: named(files), readText, clock: systemClock, log }), {
      name: "StartRefused",
    });
  });
}

test("an expired certificate is served, and said once in the log", async () => {
  const files = newFiles();
  const hour = 3_600_000;
  const expired = await authority.issue({
    hosts: ["localhost"],
    notBefore: new Date(Date.now() - 2 * hour),
    notAfter: new Date(Date.now() - hour),
  });
  writeFileSync(files.cert, expired.cert);
  writeFileSync(files.key, expired.key);
  const { lines, log } = collectLog();
  const tls = openTls({ files: named(files), readText, clock: systemClock, log, pollMs: 1 });
  await tls.part.start();
  await systemClock.sleep(30);
  await tls.part.stop();
  assert.deepEqual(
    lines.map(({ msg, file }) => [msg, file]),
    [["tls.certificate-expired", files.cert]],
  );
  assert.equal(tls.context().cert, expired.cert);
});

async function serve() {
  const files = newFiles();
  writeFileSync(files.cert, good.cert);
  writeFileSync(files.key, good.key);
  const { lines, log } = collectLog();
  const tls = openTls({ files: named(files), readText, clock: systemClock, log, pollMs: 5 });
  const server = createServer(tls.context(), (socket) => socket.on("error", () => {}).pipe(socket));
  tls.keepCurrent(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await tls.part.start();
  const { port } = server.address() as AddressInfo;

  async function open(): Promise<TLSSocket> {
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: authority.cert });
    await once(socket, "secureConnect");
    return socket;
  }
  return {
    files,
    lines,
    open,
    async shownCertificate(): Promise<string> {
      const socket = await open();
      const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? "";
      socket.destroy();
      return shown;
    },
    async close(): Promise<void> {
      await tls.part.stop();
      server.close();
      await once(server, "close");
    },
  };
}

// Far beyond what a slow machine needs: without it a broken reload would wait for ever.
const BOUND = { timeout: 60_000 };

async function until(claim: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await claim())) await systemClock.sleep(5);
}

test(
  "new files are served to new connections, one after the other, while old connections stay",
  BOUND,
  async () => {
    const { files, lines, open, shownCertificate, close } = await serve();
    const before = await shownCertificate();
    const standing = await open();

    // First only the certificate: a pair that does not fit is not served, and is said once.
    writeFileSync(files.cert, other.cert);
    await until(() => lines.some(({ msg }) => msg === "tls.certificate-refused"));
    assert.equal(await shownCertificate(), before);
    writeFileSync(files.key, other.key);
    await until(async () => (await shownCertificate()) !== before);

    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ["tls.certificate-refused", "tls.certificate-changed"],
    );
    assert.doesNotMatch(JSON.stringify(lines), /BEGIN/);
    standing.write("still there");
    assert.equal(String(await once(standing, "data")), "still there");
    standing.destroy();
    await close();
  },
);

test("files that vanish for a while change nothing", BOUND, async () => {
  const { files, lines, shownCertificate, close } = await serve();
  const before = await shownCertificate();
  rmSync(files.cert);
  await until(() => lines.length > 0);
  writeFileSync(files.cert, good.cert);
  await systemClock.sleep(50);
  assert.equal(await shownCertificate(), before);
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ["tls.certificate-refused"],
  );
  await close();
});
