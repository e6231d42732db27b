/** How long and how much. The bars hold for `FULL`; `QUICK` shows that all of it works. */
export interface Scale {
  /** Users, each with one hook. */
  readonly users: number;
  readonly eventsPerS: number;
  /** How long all goes well before the trouble, as a yardstick. */
  readonly beforeS: number;
  readonly killEveryS: number;
  readonly killForS: number;
  readonly databaseGoneS: number;
  /** How long a tenant misbehaves. */
  readonly tenantS: number;
  /** How long a receiver is gone. */
  readonly awayS: number;
  readonly ackDeadlineMs: number;
  /** What a busy receiver asks for. */
  readonly retryAfterS: number;
  /** What was sent to the troubled tenant is tried again after so long, again and again. */
  readonly retryS: number;
}

export const FULL: Scale = {
  users: 50,
  eventsPerS: 400,
  beforeS: 10,
  killEveryS: 2,
  killForS: 60,
  databaseGoneS: 90,
  tenantS: 40,
  awayS: 60,
  ackDeadlineMs: 10_000,
  retryAfterS: 5,
  retryS: 5,
};

export const QUICK: Scale = {
  users: 20,
  eventsPerS: 100,
  beforeS: 0.5,
  killEveryS: 1.5,
  killForS: 3,
  databaseGoneS: 2,
  tenantS: 2,
  awayS: 2,
  ackDeadlineMs: 1_000,
  retryAfterS: 1,
  retryS: 1,
};

/** Of ten users the first three are the troubled tenant, where there is one. */
export const isTroubled = (user: number): boolean => user % 10 < 3;
