import type { Standing, Subject } from "../../governance/standing.ts";
import type { AuditEntry, NewStanding, StandingPut, StandingStore } from "../../governance/standing-store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import { type AuditRow, type ChangeRow, type StandingRow, toEntry, toStanding } from "../standing-row.ts";
import type { Database } from "./database.ts";
import type { Sync } from "./verbs.ts";

export function createStandings(database: Database): Sync<StandingStore> {
  return {
    putStanding: (given) => put(database, given),

    liftStanding(subject, nowMs) {
      const before = find(database, subject);
      if (before === null) return false;
      database.run("DELETE FROM standings WHERE subject = ?", subject);
      audit(database, { atMs: nowMs, action: "standing.lifted", subject, before, after: null });
      return true;
    },

    findStanding(subject, nowMs) {
      const row = database.get<StandingRow>(
        "SELECT * FROM standings WHERE subject = ? AND (until_ms IS NULL OR until_ms > ?)",
        subject,
        nowMs,
      );
      return row === undefined ? null : toStanding(row);
    },

    listStandings(page, nowMs) {
      const rows = database.all<StandingRow>(
        `SELECT * FROM standings WHERE subject > ? AND (until_ms IS NULL OR until_ms > ?)
         ORDER BY subject LIMIT ?`,
        page.after ?? "",
        nowMs,
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ subject }) => subject, item: toStanding });
    },

    listStandingChanges(sequence, countMax) {
      const rows = database.all<ChangeRow>(
        `SELECT changed.sequence, changed.subject, state, reason, evidence_url, since_ms, until_ms
         FROM (SELECT max(sequence) AS sequence, subject FROM audit WHERE sequence > ? GROUP BY subject) AS changed
         LEFT JOIN standings USING (subject) ORDER BY changed.sequence LIMIT ?`,
        sequence,
        countMax,
      );
      return rows.map((row) => ({
        sequence: row.sequence,
        subject: row.subject as Subject,
        standing: row.state === null ? null : toStanding(row as StandingRow),
      }));
    },

    findLastAudit() {
      const row = database.get<{ readonly last: number | null }>("SELECT max(sequence) AS last FROM audit");
      return row?.last ?? 0;
    },

    listAudit(page) {
      const rows = database.all<AuditRow>(
        "SELECT * FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?",
        page.after === null ? Number.MAX_SAFE_INTEGER : Number(page.after),
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ sequence }) => String(sequence), item: toEntry });
    },
  };
}

function put(database: Database, { standingsMax, ...standing }: NewStanding): StandingPut {
  const { subject, state, reason, evidenceUrl, sinceMs, untilMs } = standing;
  database.run("DELETE FROM standings WHERE until_ms <= ? AND subject <> ?", sinceMs, subject);
  const before = find(database, subject);
  if (before === null && count(database) >= standingsMax) return { kind: "too-many" };
  database.run(
    `INSERT OR REPLACE INTO standings (subject, state, reason, evidence_url, since_ms, until_ms)
     VALUES (?, ?, ?, ?, ?, ?)`,
    ...[subject, state, reason, evidenceUrl, sinceMs, untilMs],
  );
  audit(database, { atMs: sinceMs, action: "standing.set", subject, before, after: standing });
  return { kind: "put", standing, isNew: before === null };
}

function find(database: Database, subject: Subject): Standing | null {
  const row = database.get<StandingRow>("SELECT * FROM standings WHERE subject = ?", subject);
  return row === undefined ? null : toStanding(row);
}

function count(database: Database): number {
  return database.get<{ readonly count: number }>("SELECT count(*) AS count FROM standings")?.count ?? 0;
}

function audit(
  database: Database,
  { atMs, action, subject, before, after }: Omit<AuditEntry, "sequence">,
): void {
  database.run(
    "INSERT INTO audit (at_ms, action, subject, before, after) VALUES (?, ?, ?, ?, ?)",
    ...[atMs, action, subject],
    before === null ? null : JSON.stringify(before),
    after === null ? null : JSON.stringify(after),
  );
}
