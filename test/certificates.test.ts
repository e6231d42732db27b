import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { type Issued, makeAuthority, makeSelfSigned } from "./certificates.ts";

const HOUR_MS = 3_600_000;
const hourAgo = new Date(Date.now() - HOUR_MS);
const inAnHour = new Date(Date.now() + HOUR_MS);

const authority = await makeAuthority();
const stranger = await makeAuthority();

const cases: readonly [string, Issued, string | null][] = [
  [
    "one for the host and its address is trusted",
    await authority.issue({ hosts: ["localhost", "127.0.0.1"] }),
    null,
  ],
  [
    "one that has expired is not",
    await authority.issue({ hosts: ["127.0.0.1"], notAfter: hourAgo }),
    "CERT_HAS_EXPIRED",
  ],
  [
    "one from tomorrow is not",
    await authority.issue({ hosts: ["127.0.0.1"], notBefore: inAnHour }),
    "CERT_NOT_YET_VALID",
  ],
  [
    "one for another host is not",
    await authority.issue({ hosts: ["example.com"] }),
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ],
  [
    "one of a strange authority is not",
    await stranger.issue({ hosts: ["127.0.0.1"] }),
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ],
  [
    "one that vouches for itself is not",
    await makeSelfSigned({ hosts: ["127.0.0.1"] }),
    "DEPTH_ZERO_SELF_SIGNED_CERT",
  ],
];

for (const [promise, issued, refusal] of cases) {
  test(`of test certificates, ${promise}`, async () => {
    assert.equal(await shakeHands(issued), refusal);
  });
}

/** The code with which a client that trusts only `authority` refuses the server; null if it does not. */
async function shakeHands(issued: Issued): Promise<string | null> {
  const server = createServer(issued).listen(0, "127.0.0.1");
  server.on("tlsClientError", () => {});
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: "127.0.0.1", port, ca: authority.cert });
  try {
    return await Promise.race([
      once(socket, "secureConnect").then(() => null),
      new Promise<string>((resolve) => {
        socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      }),
    ]);
  } finally {
    socket.destroy();
    server.close();
  }
}
