/** Publishes many events in batches, each result in the order of the events. */
import { ID_CHANCE_BYTES } from "@trulinks/protocol";
import type { Dice } from "../base/dice.ts";
import { type Ask, refusalOf } from "./ask.ts";
import { CommandFailed } from "./command-io.ts";
import type { JsonValue } from "./json-values.ts";

/** What the command line says about events; what stands in a whole event itself goes before. */
export interface EventDefaults {
  /** Given: what is read is the events' data alone. */
  readonly type?: string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly id?: string;
  readonly key?: string;
  readonly expiresInS?: number;
}

export interface NewEvent {
  /** JSON text. */
  readonly text: string;
  readonly line: number;
}

export interface EventResult {
  readonly line: number;
  readonly status: number;
  readonly [member: string]: unknown;
}

/** Fewer than the platform takes, so that results come while the rest is read. */
const BATCH_EVENTS_MAX = 500;
const BATCH_CHARACTERS_MAX = 1024 * 1024;

export async function* eventsOf(
  values: AsyncIterable<JsonValue>,
  defaults: EventDefaults,
): AsyncGenerator<NewEvent> {
  let count = 0;
  for await (const { value, line } of values) {
    count += 1;
    if (count > 1 && defaults.id !== undefined) {
      throw new CommandFailed("--id is the id of one event, and there are more.");
    }
    yield { text: JSON.stringify(eventOf(value, line, defaults)), line };
  }
}

function eventOf(value: unknown, line: number, { type, users, groups, ...rest }: EventDefaults): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CommandFailed(
      `Line ${line}: expected a JSON object, ${type === undefined ? "an event" : "its data"}.`,
    );
  }
  const said = {
    ...(rest.id === undefined ? {} : { id: rest.id }),
    ...(users.length === 0 ? {} : { users }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(rest.key === undefined ? {} : { key: rest.key }),
    ...(rest.expiresInS === undefined ? {} : { expires_in_s: rest.expiresInS }),
  };
  return type === undefined ? { ...said, ...value } : { ...said, type, data: value };
}

export async function* publishEvents(
  ask: Ask,
  events: AsyncIterable<NewEvent>,
  dice: Pick<Dice, "bytes">,
): AsyncGenerator<EventResult> {
  let batch: NewEvent[] = [];
  let characters = 0;
  for await (const event of events) {
    if (batch.length === BATCH_EVENTS_MAX || characters + event.text.length > BATCH_CHARACTERS_MAX) {
      if (batch.length > 0) yield* await publishBatch(ask, batch, dice);
      batch = [];
      characters = 0;
    }
    batch.push(event);
    characters += event.text.length;
  }
  if (batch.length > 0) yield* await publishBatch(ask, batch, dice);
}

async function publishBatch(
  ask: Ask,
  batch: readonly NewEvent[],
  dice: Pick<Dice, "bytes">,
): Promise<readonly EventResult[]> {
  // The same batch is sent again where no answer came, and must make no event twice.
  const key = `cli-${Buffer.from(dice.bytes(ID_CHANCE_BYTES)).toString("hex")}`;
  const answered = await ask({
    method: "POST",
    path: "/v1/events/batch",
    body: `{"events":[${batch.map(({ text }) => text).join(",")}]}`,
    headers: { "idempotency-key": key },
  });
  const { results } = (answered.body ?? {}) as { results?: readonly { readonly status: number }[] };
  if (answered.status !== 202 || results?.length !== batch.length) throw refusalOf(answered);
  return results.map((result, index) => ({ line: batch[index]?.line ?? 0, ...result }));
}
