/** Receivers whose TLS is wrong, each in one way. */
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { type Authority, makeAuthority, makeSelfSigned } from "../certificates.ts";
import type { BadReceiver } from "./bad-receivers.ts";
import { listen, type Opened } from "./opened.ts";

export async function startBadTls(opened: Opened): Promise<readonly BadReceiver[]> {
  const authority = await makeAuthority();
  const stranger = await makeAuthority("Stranger");
  const hosts = ["127.0.0.1"];
  const long = new Date("2020-01-01");
  const issued = await authority.issue({ hosts });
  const servers: readonly (readonly [name: string, outcome: string, options: ServerOptions])[] = [
    [
      "has an expired certificate",
      "tls-expired",
      await authority.issue({ hosts, notBefore: long, notAfter: new Date("2021-01-01") }),
    ],
    [
      "has a certificate of tomorrow",
      "tls-expired",
      await authority.issue({ hosts, notBefore: new Date("2090-01-01"), notAfter: new Date("2091-01-01") }),
    ],
    ["has another host's certificate", "tls-host", await authority.issue({ hosts: ["other.example"] })],
    ["has a certificate of its own making", "tls-untrusted", await makeSelfSigned({ hosts })],
    ["has a stranger's certificate", "tls-untrusted", await stranger.issue({ hosts })],
    [
      "speaks TLS 1.1",
      "tls",
      { ...issued, minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" },
    ],
    [
      "wants to know who we are",
      "tls",
      { ...issued, maxVersion: "TLSv1.2", ca: authority.cert, requestCert: true },
    ],
  ];
  const receivers: BadReceiver[] = [];
  for (const [name, outcome, options] of servers) {
    const server = createHttpsServer({ ...options }, (_, answer) => answer.end());
    server.on("tlsClientError", () => {});
    const port = await listen(opened, server);
    receivers.push({ name, outcome, url: `https://127.0.0.1:${port}/`, ca: authority.cert });
  }
  const silent = createTcpServer((socket) => socket.on("error", () => {}).resume());
  const plain = createHttpServer((_, answer) => answer.end());
  return [
    ...receivers,
    {
      name: "never finishes TLS",
      outcome: "deadline",
      url: `https://127.0.0.1:${await listen(opened, silent)}/`,
    },
    { name: "speaks no TLS", outcome: "tls", url: `https://127.0.0.1:${await listen(opened, plain)}/` },
  ];
}

/** A receiver whose certificate can be exchanged while connections are open. */
export async function startChangingTls(
  opened: Opened,
  authority: Authority,
  hosts: readonly string[],
): Promise<{ readonly port: number; expire(): Promise<void> }> {
  const server = createHttpsServer({ ...(await authority.issue({ hosts })) }, (_, answer) => answer.end());
  server.on("tlsClientError", () => {});
  const port = await listen(opened, server);
  return {
    port,
    async expire() {
      server.setSecureContext(await authority.issue({ hosts, notAfter: new Date(Date.now() - 1_000) }));
      server.closeAllConnections();
    },
  };
}
