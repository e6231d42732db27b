import type { EventType, EventTypeDefinition } from "../../webhooks/event-type.ts";
import type { EventTypePut, EventTypeStore, NewEventType } from "../../webhooks/event-type-store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database } from "./database.ts";
import type { Sync } from "./verbs.ts";

interface VersionRow {
  readonly type: string;
  readonly version: number;
  readonly at_ms: number;
  readonly definition: string;
}

interface TypeRow {
  readonly version: number;
  readonly is_live: number;
  readonly fingerprint: string;
}

export function createEventTypes(database: Database): Sync<EventTypeStore> {
  return {
    putEventType: (eventType) => put(database, eventType),

    deleteEventType(type) {
      const deleted = database.run(
        "UPDATE event_types SET is_live = 0, stamp = ? WHERE type = ? AND is_live = 1",
        nextStamp(database),
        type,
      );
      return deleted > 0;
    },

    findEventType(type) {
      const row = database.get<VersionRow>(`${LIVE} AND type = ?`, type);
      return row === undefined ? null : toEventType(row);
    },

    listEventTypes(page) {
      const rows = database.all<VersionRow>(
        `${LIVE} AND type > ? ORDER BY type LIMIT ?`,
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ type }) => type, item: toEventType });
    },

    listEventTypeVersions(type, page) {
      if (database.get("SELECT 1 FROM event_types WHERE type = ?", type) === undefined) return null;
      const rows = database.all<VersionRow>(
        `SELECT type, version, at_ms, definition FROM event_type_versions
         WHERE type = ? AND version < ? ORDER BY version DESC LIMIT ?`,
        type,
        page.after === null ? Number.MAX_SAFE_INTEGER : Number(page.after),
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ version }) => String(version), item: toEventType });
    },

    listEventTypeChanges(stamp, countMax) {
      const rows = database.all<VersionRow & { readonly stamp: number; readonly is_live: number }>(
        `SELECT stamp, is_live, type, version, at_ms, definition
         FROM event_types JOIN event_type_versions USING (type, version)
         WHERE stamp > ? ORDER BY stamp LIMIT ?`,
        stamp,
        countMax,
      );
      return rows.map((row) => ({
        stamp: row.stamp,
        type: row.type,
        eventType: row.is_live === 1 ? toEventType(row) : null,
      }));
    },
  };
}

const LIVE = `
  SELECT type, version, at_ms, definition FROM event_types JOIN event_type_versions USING (type, version)
  WHERE is_live = 1`;

function put(database: Database, given: NewEventType): EventTypePut {
  const { type, definition, fingerprint, nowMs, typesMax, versionsMax } = given;
  const last = database.get<TypeRow>(
    `SELECT version, is_live, fingerprint FROM event_types JOIN event_type_versions USING (type, version)
     WHERE type = ?`,
    type,
  );
  const isSame = last?.fingerprint === fingerprint;
  const isLive = last?.is_live === 1;
  if (isSame && isLive) return { kind: "put", eventType: versionOf(database, type, last.version) };
  if (!isLive && countLive(database) >= typesMax) return { kind: "too-many-types" };

  const version = (last?.version ?? 0) + (isSame ? 0 : 1);
  if (version > versionsMax) return { kind: "too-many-versions" };
  if (!isSame) {
    database.run(
      "INSERT INTO event_type_versions (type, version, at_ms, fingerprint, definition) VALUES (?, ?, ?, ?, ?)",
      ...[type, version, nowMs, fingerprint, JSON.stringify(definition)],
    );
  }
  database.run(
    `INSERT INTO event_types (type, version, is_live, stamp) VALUES (?, ?, 1, ?)
     ON CONFLICT (type) DO UPDATE SET version = excluded.version, is_live = 1, stamp = excluded.stamp`,
    type,
    version,
    nextStamp(database),
  );
  return { kind: "put", eventType: versionOf(database, type, version) };
}

function versionOf(database: Database, type: string, version: number): EventType {
  const row = database.get<VersionRow>(
    "SELECT type, version, at_ms, definition FROM event_type_versions WHERE type = ? AND version = ?",
    type,
    version,
  );
  if (row === undefined) throw new Error(`The event type ${type} has no version ${version}.`);
  return toEventType(row);
}

function countLive(database: Database): number {
  const row = database.get<{ readonly count: number }>(
    "SELECT count(*) AS count FROM event_types WHERE is_live = 1",
  );
  return row?.count ?? 0;
}

function nextStamp(database: Database): number {
  const row = database.get<{ readonly stamp: number | null }>("SELECT max(stamp) AS stamp FROM event_types");
  return (row?.stamp ?? 0) + 1;
}

function toEventType({ type, version, at_ms, definition }: VersionRow): EventType {
  return { type, version, atMs: at_ms, ...(JSON.parse(definition) as EventTypeDefinition) };
}
