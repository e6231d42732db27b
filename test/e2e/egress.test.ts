/** The way out as operators set it up: through a proxy that wants to know who we are, to a receiver that does, too. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { type Authority, makeAuthority } from "../certificates.ts";
import { startPlatform } from "../platform.ts";
import { createClient } from "./client.ts";

async function startProxy(
  context: TestContext,
): Promise<{ readonly port: number; readonly asked: unknown[] }> {
  const asked: unknown[] = [];
  const sockets = new Set<Socket>();
  const server = createHttpServer();
  server.on("connect", ({ url = "", headers }: IncomingMessage, socket: Socket) => {
    asked.push([url, headers["proxy-authorization"]]);
    const { hostname, port } = new URL(`http://${url}`);
    const through = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(through).pipe(socket);
    });
    for (const one of [socket, through]) {
      sockets.add(one);
      one.on("error", () => {});
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

async function startReceiver(
  context: TestContext,
  authority: Authority,
): Promise<{ readonly url: string; readonly callers: unknown[] }> {
  const callers: unknown[] = [];
  const options = { ...(await authority.issue({ hosts: ["127.0.0.1"] })), ca: authority.cert };
  const server = createHttpsServer({ ...options, requestCert: true }, (request, answer) => {
    callers.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
    request.resume();
    answer.writeHead(204, { Connection: "close" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, callers };
}

test("a delivery goes through the proxy to a receiver that is shown our certificate, and the new one when it changes", async (context) => {
  const authority = await makeAuthority();
  const folder = mkdtempSync(join(tmpdir(), "trulinks-egress-"));
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  async function write(name: string): Promise<void> {
    const { cert, key } = await authority.issue({ hosts: [name], shownBy: "client" });
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
  }
  await write("first.example");
  const proxy = await startProxy(context);
  const receiver = await startReceiver(context, authority);
  const platform = await startPlatform({
    env: {
      TRULINKS_HOOKS_PROXY: `http://ada:s3cret@127.0.0.1:${proxy.port}`,
      TRULINKS_HOOKS_CLIENT_CERT: certFile,
      TRULINKS_HOOKS_CLIENT_KEY: keyFile,
      TRULINKS_LOG_LEVEL: "debug",
    },
  });
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  context.after(async () => {
    await platform.dispose();
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await provider.post("/v1/users", { id: "ada" });
  const hook = { user: "ada", url: receiver.url, events: ["*"], ca: authority.cert };
  assert.equal((await provider.post("/v1/hooks", hook)).status, 201);
  const send = async () => {
    const before = receiver.callers.length;
    await provider.post("/v1/events", { type: "egress.tried", users: ["ada"], data: {} });
    while (receiver.callers.length === before) await sleep(5);
  };

  await send();
  await write("second.example");
  while (!platform.output().includes("tls.certificate-changed")) await sleep(20);
  await send();

  assert.deepEqual(receiver.callers, ["first.example", "second.example"]);
  const credentials = `Basic ${Buffer.from("ada:s3cret").toString("base64")}`;
  const { host } = new URL(receiver.url);
  assert.deepEqual(proxy.asked, [
    [host, credentials],
    [host, credentials],
  ]);
  assert.equal(await platform.stop(), 0);
  assert.match(platform.output(), /delivery\.attempted/);
  assert.doesNotMatch(platform.output(), /s3cret|YWRhOnMzY3JldA/);
});
