/** TruLinks' provider listener as far as the tracker calls it, by the rules of the wire. Kept in memory. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type ErrorCode, isGivenId, PROBLEM_MEDIA_TYPE, problem } from "@trulinks/protocol";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";

export interface SunkEvent {
  readonly id: string;
  readonly type: string;
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the sink does with the next call instead of answering it properly. */
export type Mood = "well" | "busy" | "broken" | "answer-lost";

export interface Sink {
  readonly url: string;
  /** Each event once, in the order in which it first came. */
  readonly events: readonly SunkEvent[];
  /** Every call as `METHOD /path`, repeats included. */
  readonly calls: readonly string[];
  /** Under which trace each call came, as `METHOD /path traceparent`; only of those that came under one. */
  readonly traces: readonly string[];
  /** The members of each group. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly users: ReadonlyMap<string, unknown>;
  /** The schema of each. */
  readonly eventTypes: ReadonlyMap<string, TSchema>;
  /** How many events came again under the id of another: must stay 0. */
  reusedCount(): number;
  /** Asked before each call. */
  mood: () => Mood;
  stop(): Promise<void>;
}

export const SINK_OPERATOR_KEY = "operator-key-of-the-test-sink";

export async function startSink(port = 0): Promise<Sink> {
  const events: SunkEvent[] = [];
  const bodies = new Map<string, string>();
  const calls: string[] = [];
  const traces: string[] = [];
  const groups = new Map<string, Set<string>>();
  const users = new Map<string, unknown>();
  const eventTypes = new Map<string, TSchema>();
  let reused = 0;

  function take(method: string, path: string, body: string): number | ErrorCode {
    const [, , resource = "", id = "", , member = ""] = path.split("/");
    if (resource === "users" && method === "PUT") {
      users.set(id, JSON.parse(body));
      return 200;
    }
    if (resource === "event-types") {
      eventTypes.set(id, (JSON.parse(body) as { schema: TSchema }).schema);
      return 200;
    }
    if (resource === "groups") {
      if (!users.has(member)) return "not-found";
      const group = groups.get(id) ?? new Set();
      groups.set(id, group);
      if (method === "PUT") group.add(member);
      else group.delete(member);
      return 204;
    }
    return resource === "events" && method === "POST" ? takeEvent(body) : "not-found";
  }

  function takeEvent(body: string): number | ErrorCode {
    const event = JSON.parse(body) as SunkEvent;
    if (!isGivenId(event.id)) return "validation-failed";
    const earlier = bodies.get(event.id);
    if (earlier !== undefined && earlier !== body) reused++;
    if (earlier !== undefined) return earlier === body ? 202 : "idempotency-key-reused";
    const known = [
      ...(event.users ?? []).filter((user) => users.has(user)),
      ...(event.groups ?? []).filter((group) => (groups.get(group)?.size ?? 0) > 0),
    ];
    if (known.length === 0) return "no-recipient";
    const schema = eventTypes.get(event.type);
    if (schema === undefined) return "unknown-event-type";
    if (!Compile(schema).Check(event.data)) return "validation-failed";
    bodies.set(event.id, body);
    events.push(event);
    return 202;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mood = sink.mood();
    const { method = "", url = "" } = request;
    const body = await text(request);
    calls.push(`${method} ${url}`);
    const { traceparent } = request.headers;
    if (traceparent !== undefined) traces.push(`${method} ${url} ${traceparent}`);
    if (mood === "broken") return void response.socket?.destroy();
    if (mood === "busy") return void response.writeHead(503, { "retry-after": "0" }).end();
    const isKnown = request.headers.authorization === `Bearer ${SINK_OPERATOR_KEY}`;
    const taken = isKnown ? take(method, url, body) : "operator-key-required";
    if (mood === "answer-lost") return void response.socket?.destroy();
    if (typeof taken === "number") return void response.writeHead(taken).end();
    const refusal = problem(taken);
    response.writeHead(refusal.status, { "content-type": PROBLEM_MEDIA_TYPE }).end(JSON.stringify(refusal));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.socket?.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const sink: Sink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    calls,
    traces,
    groups,
    users,
    eventTypes,
    reusedCount: () => reused,
    mood: () => "well",
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return sink;
}
