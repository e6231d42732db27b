import type { Standing, Subject } from "../../governance/standing.ts";
import type { AuditEntry, NewStanding, StandingPut, StandingStore } from "../../governance/standing-store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import { type AuditRow, type ChangeRow, type StandingRow, toEntry, toStanding } from "../standing-row.ts";
import type { Database, Queries } from "./database.ts";

export function createStandings(database: Database): StandingStore {
  return {
    putStanding: (given) =>
      database.transact(async (transaction) => {
        await lockChanges(transaction);
        return put(transaction, given);
      }),

    liftStanding: (subject, nowMs) =>
      database.transact(async (transaction) => {
        await lockChanges(transaction);
        const before = await find(transaction, subject);
        if (before === null) return false;
        await transaction.run("DELETE FROM standings WHERE subject = $1", subject);
        await audit(transaction, { atMs: nowMs, action: "standing.lifted", subject, before, after: null });
        return true;
      }),

    async findStanding(subject, nowMs) {
      const row = await database.get<StandingRow>(
        "SELECT * FROM standings WHERE subject = $1 AND (until_ms IS NULL OR until_ms > $2)",
        subject,
        nowMs,
      );
      return row === undefined ? null : toStanding(row);
    },

    async listStandings(page, nowMs) {
      const rows = await database.all<StandingRow>(
        `SELECT * FROM standings WHERE subject > $1 AND (until_ms IS NULL OR until_ms > $2)
         ORDER BY subject LIMIT $3`,
        page.after ?? "",
        nowMs,
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ subject }) => subject, item: toStanding });
    },

    async listStandingChanges(sequence, countMax) {
      const rows = await database.all<ChangeRow>(
        `SELECT changed.sequence, changed.subject, state, reason, evidence_url, since_ms, until_ms
         FROM (SELECT max(sequence) AS sequence, subject FROM audit WHERE sequence > $1 GROUP BY subject) AS changed
         LEFT JOIN standings USING (subject) ORDER BY changed.sequence LIMIT $2`,
        sequence,
        countMax,
      );
      return rows.map((row) => ({
        sequence: row.sequence,
        subject: row.subject as Subject,
        standing: row.state === null ? null : toStanding(row as StandingRow),
      }));
    },

    async findLastAudit() {
      const row = await database.get<{ readonly last: number | null }>(
        "SELECT max(sequence) AS last FROM audit",
      );
      return row?.last ?? 0;
    },

    async listAudit(page) {
      const rows = await database.all<AuditRow>(
        "SELECT * FROM audit WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2",
        page.after === null ? Number.MAX_SAFE_INTEGER : Number(page.after),
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ sequence }) => String(sequence), item: toEntry });
    },
  };
}

// Any number that nobody else in this database is likely to lock: "Standing" in ASCII, as a bigint.
const LOCK = "6013823085653813863";

// One change at a time: an entry that became visible before a lower one would hide that from whoever has read on.
async function lockChanges(queries: Queries): Promise<void> {
  await queries.run(`SELECT pg_advisory_xact_lock(${LOCK})`);
}

async function put(queries: Queries, { standingsMax, ...standing }: NewStanding): Promise<StandingPut> {
  const { subject, state, reason, evidenceUrl, sinceMs, untilMs } = standing;
  await queries.run("DELETE FROM standings WHERE until_ms <= $1 AND subject <> $2", sinceMs, subject);
  const before = await find(queries, subject);
  if (before === null && (await count(queries)) >= standingsMax) return { kind: "too-many" };
  await queries.run(
    `INSERT INTO standings (subject, state, reason, evidence_url, since_ms, until_ms)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (subject) DO UPDATE SET state = excluded.state, reason = excluded.reason,
       evidence_url = excluded.evidence_url, since_ms = excluded.since_ms, until_ms = excluded.until_ms`,
    ...[subject, state, reason, evidenceUrl, sinceMs, untilMs],
  );
  await audit(queries, { atMs: sinceMs, action: "standing.set", subject, before, after: standing });
  return { kind: "put", standing, isNew: before === null };
}

async function find(queries: Queries, subject: Subject): Promise<Standing | null> {
  const row = await queries.get<StandingRow>("SELECT * FROM standings WHERE subject = $1", subject);
  return row === undefined ? null : toStanding(row);
}

async function count(queries: Queries): Promise<number> {
  const row = await queries.get<{ readonly count: number }>("SELECT count(*) AS count FROM standings");
  return row?.count ?? 0;
}

async function audit(
  queries: Queries,
  { atMs, action, subject, before, after }: Omit<AuditEntry, "sequence">,
): Promise<void> {
  await queries.run(
    `INSERT INTO audit (sequence, at_ms, action, subject, before, after)
     VALUES ((SELECT coalesce(max(sequence), 0) + 1 FROM audit), $1, $2, $3, $4, $5)`,
    ...[atMs, action, subject],
    before === null ? null : JSON.stringify(before),
    after === null ? null : JSON.stringify(after),
  );
}
