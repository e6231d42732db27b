/** Standings and entries of the audit as both engines keep them. */
import type { Standing, Subject } from "../governance/standing.ts";
import type { AuditEntry } from "../governance/standing-store.ts";

export interface StandingRow {
  readonly subject: string;
  readonly state: string;
  readonly reason: string;
  readonly evidence_url: string | null;
  readonly since_ms: number;
  readonly until_ms: number | null;
}

export interface AuditRow {
  readonly sequence: number;
  readonly at_ms: number;
  readonly action: string;
  readonly subject: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** A change with what there is now, each column null where there is nothing. */
export type ChangeRow = { readonly sequence: number; readonly subject: string } & {
  readonly [Column in Exclude<keyof StandingRow, "subject">]: StandingRow[Column] | null;
};

export function toStanding(row: StandingRow): Standing {
  return {
    subject: row.subject as Subject,
    state: row.state as Standing["state"],
    reason: row.reason,
    evidenceUrl: row.evidence_url,
    sinceMs: row.since_ms,
    untilMs: row.until_ms,
  };
}

export function toEntry({ sequence, at_ms, action, subject, before, after }: AuditRow): AuditEntry {
  return {
    sequence,
    atMs: at_ms,
    action: action as AuditEntry["action"],
    subject: subject as Subject,
    before: before === null ? null : JSON.parse(before),
    after: after === null ? null : JSON.parse(after),
  };
}
