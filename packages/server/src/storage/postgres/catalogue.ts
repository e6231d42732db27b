import type { EventType, EventTypeDefinition } from "../../webhooks/event-type.ts";
import type { EventTypePut, EventTypeStore, NewEventType } from "../../webhooks/event-type-store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database, Queries } from "./database.ts";

interface VersionRow {
  readonly type: string;
  readonly version: number;
  readonly at_ms: number;
  readonly definition: string;
}

interface TypeRow {
  readonly version: number;
  readonly is_live: boolean;
  readonly fingerprint: string;
}

export function createEventTypes(database: Database): EventTypeStore {
  return {
    putEventType: (eventType) =>
      database.transact(async (transaction) => {
        await lockChanges(transaction);
        return put(transaction, eventType);
      }),

    deleteEventType: (type) =>
      database.transact(async (transaction) => {
        await lockChanges(transaction);
        const deleted = await transaction.run(
          `UPDATE event_types SET is_live = false, stamp = ${NEXT_STAMP} WHERE type = $1 AND is_live`,
          type,
        );
        return deleted > 0;
      }),

    async findEventType(type) {
      const row = await database.get<VersionRow>(`${LIVE} AND type = $1`, type);
      return row === undefined ? null : toEventType(row);
    },

    async listEventTypes(page) {
      const rows = await database.all<VersionRow>(
        `${LIVE} AND type > $1 ORDER BY type LIMIT $2`,
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ type }) => type, item: toEventType });
    },

    async listEventTypeVersions(type, page) {
      const known = await database.get("SELECT 1 FROM event_types WHERE type = $1", type);
      if (known === undefined) return null;
      const rows = await database.all<VersionRow>(
        `SELECT type, version, at_ms, definition FROM event_type_versions
         WHERE type = $1 AND ($2::integer IS NULL OR version < $2) ORDER BY version DESC LIMIT $3`,
        type,
        page.after === null ? null : Number(page.after),
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ version }) => String(version), item: toEventType });
    },

    async listEventTypeChanges(stamp, countMax) {
      const rows = await database.all<VersionRow & { readonly stamp: number; readonly is_live: boolean }>(
        `SELECT stamp, is_live, type, version, at_ms, definition
         FROM event_types JOIN event_type_versions USING (type, version)
         WHERE stamp > $1 ORDER BY stamp LIMIT $2`,
        stamp,
        countMax,
      );
      return rows.map((row) => ({
        stamp: row.stamp,
        type: row.type,
        eventType: row.is_live ? toEventType(row) : null,
      }));
    },
  };
}

const LIVE = `
  SELECT type, version, at_ms, definition FROM event_types JOIN event_type_versions USING (type, version)
  WHERE is_live`;

const NEXT_STAMP = "(SELECT coalesce(max(stamp), 0) + 1 FROM event_types)";

// Any number that nobody else in this database is likely to lock: "EvtTypes" in ASCII, as a bigint.
const LOCK = "5005315942032369011";

// One change at a time: a stamp that became visible before a lower one would hide that from whoever has read on.
async function lockChanges(queries: Queries): Promise<void> {
  await queries.run(`SELECT pg_advisory_xact_lock(${LOCK})`);
}

async function put(queries: Queries, given: NewEventType): Promise<EventTypePut> {
  const { type, definition, fingerprint, nowMs, typesMax, versionsMax } = given;
  const last = await queries.get<TypeRow>(
    `SELECT version, is_live, fingerprint FROM event_types JOIN event_type_versions USING (type, version)
     WHERE type = $1`,
    type,
  );
  const isSame = last?.fingerprint === fingerprint;
  const isLive = last?.is_live === true;
  if (isSame && isLive) return { kind: "put", eventType: await versionOf(queries, type, last.version) };
  if (!isLive && (await countLive(queries)) >= typesMax) return { kind: "too-many-types" };

  const version = (last?.version ?? 0) + (isSame ? 0 : 1);
  if (version > versionsMax) return { kind: "too-many-versions" };
  if (!isSame) {
    await queries.run(
      "INSERT INTO event_type_versions (type, version, at_ms, fingerprint, definition) VALUES ($1, $2, $3, $4, $5)",
      ...[type, version, nowMs, fingerprint, JSON.stringify(definition)],
    );
  }
  await queries.run(
    `INSERT INTO event_types (type, version, is_live, stamp) VALUES ($1, $2, true, ${NEXT_STAMP})
     ON CONFLICT (type) DO UPDATE SET version = excluded.version, is_live = true, stamp = excluded.stamp`,
    type,
    version,
  );
  return { kind: "put", eventType: await versionOf(queries, type, version) };
}

async function versionOf(queries: Queries, type: string, version: number): Promise<EventType> {
  const row = await queries.get<VersionRow>(
    "SELECT type, version, at_ms, definition FROM event_type_versions WHERE type = $1 AND version = $2",
    type,
    version,
  );
  if (row === undefined) throw new Error(`The event type ${type} has no version ${version}.`);
  return toEventType(row);
}

async function countLive(queries: Queries): Promise<number> {
  const row = await queries.get<{ readonly count: number }>(
    "SELECT count(*) AS count FROM event_types WHERE is_live",
  );
  return row?.count ?? 0;
}

function toEventType({ type, version, at_ms, definition }: VersionRow): EventType {
  return { type, version, atMs: at_ms, ...(JSON.parse(definition) as EventTypeDefinition) };
}
