/** Receivers on real sockets that do everything wrong, each in one way, and what that has to be called. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { startBadTls } from "./bad-tls.ts";
import { listen, type Opened } from "./opened.ts";

export interface BadReceiver {
  readonly name: string;
  readonly url: string;
  /** What its hook trusts, if it is to trust somebody. */
  readonly ca?: string;
  /** How each attempt at it ends. */
  readonly outcome: string;
}

const OKAY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** By what they do with a connection, once the head of a request has come. */
const RAW: readonly (readonly [
  name: string,
  outcome: string,
  answer: (socket: Socket, nth: number) => void,
])[] = [
  ["resets after the request", "reset", (socket) => socket.resetAndDestroy()],
  ["closes after the request", "reset", (socket) => socket.destroy()],
  [
    "resets within the head",
    "reset",
    (socket) => socket.write("HTTP/1.1 200 OK\r\nX-Half: ", () => socket.resetAndDestroy()),
  ],
  [
    "resets within the body",
    "reset",
    (socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", () => socket.resetAndDestroy()),
  ],
  [
    "closes before the length it said",
    "reset",
    (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"),
  ],
  [
    "says more than the length it said",
    "accepted",
    (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore than two"),
  ],
  ["never answers", "deadline", () => {}],
  ["drips its headers", "deadline", dripping("HTTP/1.1 200 OK\r\n", "X-Drip: 1\r\n")],
  ["drips its body", "deadline", dripping("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", ".")],
  [
    "drips its chunks",
    "deadline",
    dripping("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n.\r\n"),
  ],
  [
    "answers garbage",
    "garbled",
    (socket) => socket.end(Buffer.from("\0\x01\x02\xff garbage\r\n\r\n", "latin1")),
  ],
  ["speaks HTTP/0.9", "garbled", (socket) => socket.end("<html>welcome</html>")],
  ["speaks SMTP", "garbled", (socket) => socket.end("220 mail.example.com ESMTP ready\r\n")],
  [
    "switches protocols",
    "garbled",
    (socket) => socket.end("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
  ],
  [
    "sends a gigabyte",
    "accepted",
    pouring("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", Buffer.alloc(65_536, "x")),
  ],
  [
    "sends headers without end",
    "too-large",
    pouring("HTTP/1.1 200 OK\r\n", Buffer.from("X-More: and more\r\n".repeat(500))),
  ],
  [
    "announces without end",
    "too-large",
    pouring("", Buffer.from("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(500))),
  ],
  [
    "closes when its connection is used again",
    "accepted",
    (socket, nth) => (nth === 1 ? socket.write(OKAY) : socket.destroy()),
  ],
];

const POLITE: readonly (readonly [name: string, outcome: string, listener: RequestListener])[] = [
  ["redirects", "refused", (_, answer) => answer.writeHead(302, { Location: "/elsewhere" }).end()],
  ["fails", "refused", (_, answer) => answer.writeHead(500).end("a stack trace")],
  ["declines", "rejected", (_, answer) => answer.writeHead(422).end()],
];

export async function startBadReceivers(opened: Opened): Promise<readonly BadReceiver[]> {
  const receivers: BadReceiver[] = [];
  for (const [name, outcome, answer] of RAW) {
    receivers.push({ name, outcome, url: `http://127.0.0.1:${await listen(opened, rawServer(answer))}/` });
  }
  for (const [name, outcome, listener] of POLITE) {
    receivers.push({
      name,
      outcome,
      url: `http://127.0.0.1:${await listen(opened, createHttpServer(listener))}/`,
    });
  }
  const atOnce = createTcpServer((socket) => socket.on("error", () => {}).resetAndDestroy());
  const away = createTcpServer();
  const awayPort = await listen(opened, away);
  away.close();
  return [
    ...receivers,
    { name: "resets at once", outcome: "reset", url: `http://127.0.0.1:${await listen(opened, atOnce)}/` },
    { name: "is not there", outcome: "connect", url: `http://127.0.0.1:${awayPort}/` },
    { name: "never accepts", outcome: "deadline", url: `http://127.0.0.1:${await startFrozen(opened)}/` },
    ...(await startBadTls(opened)),
  ];
}

function rawServer(answer: (socket: Socket, nth: number) => void): Server {
  return createTcpServer((socket) => {
    let requests = 0;
    let seen = "";
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      seen += chunk.toString("latin1");
      // Every delivery ends with the braces of its data and of its envelope.
      if (!seen.endsWith("}}")) return;
      seen = "";
      answer(socket, ++requests);
    });
  });
}

function dripping(head: string, drop: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(drop), 50);
    socket.once("close", () => clearInterval(timer));
  };
}

function pouring(head: string, chunk: Buffer): (socket: Socket) => void {
  return (socket) => {
    const pour = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on("drain", pour);
    socket.write(head);
    pour();
  };
}

const FROZEN = `
  const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    process.stdout.write(String(server.address().port), () => process.kill(process.pid, "SIGSTOP"));
  });`;

/** A process that listens and is then stopped: the kernel answers for it until its queue is full, and then nobody does. */
async function startFrozen(opened: Opened): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ["-e", FROZEN], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  opened.closings.push(() => child.kill("SIGKILL"));
  const [chunk] = await once(child.stdout ?? child, "data");
  return Number(String(chunk));
}
