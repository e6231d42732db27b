/** How much of everything there is. The bars hold for `FULL`; `QUICK` only shows that the bench works. */
export interface Scale {
  /** Users, each with one hook. */
  readonly users: number;
  /** Events that are on their way in, or accepted and not yet arrived. */
  readonly outstandingMax: number;
  readonly hang: {
    readonly users: number;
    /** Every other hook is one that will hang. */
    readonly deadlineMs: number;
    readonly beforeS: number;
    readonly hangS: number;
    readonly roundsMax: number;
  };
  readonly backlog: {
    readonly few: number;
    readonly many: number;
    readonly claims: number;
    /** How long the platform is watched while it sends what waits. */
    readonly watchS: number;
  };
  readonly hooks: { readonly few: number; readonly many: number; readonly calls: number };
}

export const FULL: Scale = {
  users: 1_000,
  outstandingMax: 2_000,
  // Long enough that attempts of several generations reach the default deadline of 10 s.
  hang: { users: 200, deadlineMs: 10_000, beforeS: 10, hangS: 25, roundsMax: 3 },
  backlog: { few: 1_000, many: 1_000_000, claims: 200, watchS: 15 },
  hooks: { few: 1_000, many: 1_000_000, calls: 200 },
};

export const QUICK: Scale = {
  users: 20,
  outstandingMax: 400,
  hang: { users: 20, deadlineMs: 1_000, beforeS: 0.5, hangS: 1.2, roundsMax: 1 },
  backlog: { few: 200, many: 2_000, claims: 5, watchS: 0.3 },
  hooks: { few: 100, many: 1_000, calls: 5 },
};

/** After this long without an arrival nothing more is waited for. */
export const QUIET_MS = 10_000;
