/** What a request is to the limits. Made once for each kind of request, not for each request. */

export interface Operation {
  /** The number of the resource whose quota it spends; 0 is `core`. */
  readonly resource: number;
  /** Of the primary quota. */
  readonly cost: number;
  /** Null: what the plan says for reads and writes. */
  readonly points: number | null;
  readonly isWrite: boolean;
  /** Creates content that notifies people. */
  readonly isContent: boolean;
  /** Announces itself as a stream: it needs room among the streams, too. */
  readonly isStream: boolean;
}

export interface OperationOptions {
  /** `GET`, `POST`, …; HEAD, OPTIONS and TRACE read, as GET does; everything else writes. */
  readonly method: string;
  /** `core` if left out. */
  readonly resource?: string;
  /** A whole number from 1. */
  readonly cost?: number;
  /** A whole number from 0. */
  readonly points?: number;
  readonly isContent?: boolean;
  readonly isStream?: boolean;
}

const READS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

export function isRead(method: string): boolean {
  return READS.has(method);
}

export function operationOf(options: OperationOptions, resources: readonly string[]): Operation {
  const { method, resource = "core", cost = 1, points = null, isContent = false, isStream = false } = options;
  const number = resources.indexOf(resource);
  if (number < 0) {
    throw new RangeError(`there is no resource "${resource}"; the plans have ${resources.join(", ")}`);
  }
  if (!Number.isInteger(cost) || cost < 1) {
    throw new RangeError(`cost is ${cost}; expected a whole number from 1`);
  }
  if (points !== null && (!Number.isInteger(points) || points < 0)) {
    throw new RangeError(`points is ${points}; expected a whole number from 0`);
  }
  return { resource: number, cost, points, isWrite: !isRead(method), isContent, isStream };
}
