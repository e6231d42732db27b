/** What standings need from storage. Each verb is one atomic step, on disk when its promise resolves. */
import type { Page, PageRequest } from "../base/page.ts";
import type { Standing, Subject } from "./standing.ts";

export interface NewStanding extends Standing {
  /** Subjects that have one at once. */
  readonly standingsMax: number;
}

export type StandingPut =
  | { readonly kind: "put"; readonly standing: Standing; readonly isNew: boolean }
  | { readonly kind: "too-many" };

/** One change, kept for good. */
export interface AuditEntry {
  /** Rises with each entry, on whatever node: what came later has the higher one. */
  readonly sequence: number;
  readonly atMs: number;
  readonly action: "standing.set" | "standing.lifted";
  readonly subject: Subject;
  /** Null: there was none. One that was over by itself still stands here. */
  readonly before: Standing | null;
  readonly after: Standing | null;
}

export interface StandingChange {
  readonly sequence: number;
  readonly subject: Subject;
  /** As it is now; null: there is none any more. */
  readonly standing: Standing | null;
}

export interface StandingStore {
  /** Sets a subject's standing in place of the one it had, and writes it down; a time is that of `sinceMs`. */
  putStanding(standing: NewStanding): Promise<StandingPut>;
  /** False: there is none, and nothing is written down. */
  liftStanding(subject: Subject, nowMs: number): Promise<boolean>;
  /** Null: there is none, or it is over. */
  findStanding(subject: Subject, nowMs: number): Promise<Standing | null>;
  /** By subject, ascending; those that are over are left out. */
  listStandings(page: PageRequest, nowMs: number): Promise<Page<Standing>>;
  /** What was changed after the entry `sequence`, oldest first, at most `countMax`; each subject with its last change only. */
  listStandingChanges(sequence: number, countMax: number): Promise<readonly StandingChange[]>;
  /** The sequence of the last entry; 0 if there is none. */
  findLastAudit(): Promise<number>;
  /** Newest first. */
  listAudit(page: PageRequest): Promise<Page<AuditEntry>>;
}
