/** What a test has opened, to be closed in the end. */
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

/** Whatever was started, to be closed in the end. */
export interface Opened {
  readonly closings: (() => unknown)[];
}

export async function listen(opened: Opened, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.closings.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
