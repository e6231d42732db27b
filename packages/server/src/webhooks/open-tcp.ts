/** One TCP connection to one of several addresses that were found before: nobody is asked for a name here. */
import type { LookupAddress } from "node:dns";
import { connect, type LookupFunction, type Socket } from "node:net";

export interface TcpEnd {
  /** A name or an address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  /** Tried one after the other, both families in turn, so that one that leads nowhere costs only a moment. */
  readonly addresses: readonly LookupAddress[];
}

export async function openTcp({ host, port, addresses }: TcpEnd, signal: AbortSignal): Promise<Socket> {
  const lookup = answering(addresses);
  const socket = connect({ host, port, lookup, autoSelectFamily: true, noDelay: true, keepAlive: true });
  await opened(socket, "connect", signal);
  return socket;
}

/** Resolves when the socket is there; ends it if the signal is aborted before. */
export async function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const end = () => void socket.destroy(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  socket.once(event, () => resolve());
  // It stays: an error that comes before the next owner listens must not go unheard.
  socket.on("error", reject);
  socket.once("close", () => reject(new Error("The connection was closed.")));
  try {
    if (signal.aborted) end();
    await promise;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function answering(addresses: readonly LookupAddress[]): LookupFunction {
  return (_, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}
