/** The same decisions, slow and obvious: every request is remembered, and every limit is worked out from all of them. */
import type { LimitName, Plan } from "./plan.ts";

export interface Ask {
  readonly resource: string;
  readonly isWrite: boolean;
  readonly isContent: boolean;
  readonly cost: number;
}

export interface Request extends Ask {
  readonly atMs: number;
  readonly chargedBy: ReadonlySet<LimitName>;
}

interface ModelWindow {
  readonly startMs: number;
  readonly requests: Set<Request>;
}

export type ModelVerdict =
  | { readonly kind: "admitted"; readonly request: Request; readonly shadowed: readonly LimitName[] }
  | {
      readonly kind: "refused";
      readonly by: LimitName;
      readonly retryAtMs: number | null;
      readonly hits: readonly LimitName[];
    };

const ORDER: readonly LimitName[] = [
  "rate-limit",
  "serial-requests",
  "write-pacing",
  "points",
  "content-pacing",
];

export class Model {
  readonly #plan: Plan;
  readonly #inFlight = new Set<Request>();
  readonly #writes: Request[] = [];
  readonly #windows = new Map<string, ModelWindow>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  decide(ask: Ask, nowMs: number): ModelVerdict {
    const fits = this.#fitsAtMs(ask, nowMs);
    const hits = ORDER.filter((name) => (fits.get(name) ?? nowMs) > nowMs);
    const isShadow = (name: LimitName): boolean => this.#plan.shadow?.includes(name) ?? false;
    const enforced = hits.filter((name) => !isShadow(name));
    if (enforced.length === 0) {
      const chargedBy = new Set(ORDER.filter((name) => !hits.includes(name)));
      const request = { ...ask, atMs: nowMs, chargedBy };
      this.#book(request);
      return { kind: "admitted", request, shadowed: hits };
    }
    const latestMs = Math.max(...enforced.map((name) => fits.get(name) ?? 0));
    const by =
      (["content-pacing", "rate-limit"] as const).find((name) => enforced.includes(name)) ??
      enforced.find((name) => fits.get(name) === latestMs);
    return {
      kind: "refused",
      by: by ?? "rate-limit",
      retryAtMs: latestMs === Number.POSITIVE_INFINITY ? null : latestMs,
      hits: enforced,
    };
  }

  release(request: Request): void {
    this.#inFlight.delete(request);
  }

  refund(request: Request, nowMs: number): void {
    if (request.chargedBy.has("write-pacing")) {
      const index = this.#writes.indexOf(request);
      if (index >= 0) this.#writes.splice(index, 1);
    }
    for (const [name, window] of this.#windows) {
      const { lengthMs } = this.#numbersOf(name);
      if (nowMs >= window.startMs + lengthMs) continue;
      window.requests.delete(request);
      if (window.requests.size === 0) this.#windows.delete(name);
    }
  }

  #fitsAtMs(ask: Ask, nowMs: number): ReadonlyMap<LimitName, number> {
    const { serial_requests: serial, write_pacing: pacing, points, content_pacing: content } = this.#plan;
    const fits = new Map<LimitName, number>();
    fits.set("rate-limit", this.#windowFitsAtMs(`resource ${ask.resource}`, ask.cost, nowMs));
    if (serial && this.#inFlight.size >= serial.in_flight_max) fits.set("serial-requests", nowMs + 1_000);
    if (points) fits.set("points", this.#windowFitsAtMs("points", this.#pointsOf(ask), nowMs));
    if (pacing && ask.isWrite) {
      const dueMs = this.#writes.reduce(
        (due, { atMs }) => Math.max(due, atMs) + pacing.gap_ms,
        Number.NEGATIVE_INFINITY,
      );
      fits.set("write-pacing", dueMs - (pacing.burst - 1) * pacing.gap_ms - pacing.tolerance_ms);
    }
    if (content && ask.isContent) {
      const perMinute = this.#windowFitsAtMs("minute", 1, nowMs);
      fits.set("content-pacing", Math.max(perMinute, this.#windowFitsAtMs("hour", 1, nowMs)));
    }
    return fits;
  }

  #book(request: Request): void {
    const { chargedBy, atMs } = request;
    this.#inFlight.add(request);
    if (request.isWrite && chargedBy.has("write-pacing")) this.#writes.push(request);
    const names = [
      ...(chargedBy.has("rate-limit") ? [`resource ${request.resource}`] : []),
      ...(chargedBy.has("points") && this.#pointsOf(request) > 0 ? ["points"] : []),
      ...(chargedBy.has("content-pacing") && request.isContent ? ["minute", "hour"] : []),
    ];
    for (const name of names) {
      const open = this.#openWindow(name, atMs) ?? { startMs: atMs, requests: new Set() };
      open.requests.add(request);
      this.#windows.set(name, open);
    }
  }

  #windowFitsAtMs(name: string, cost: number, nowMs: number): number {
    const { limit, lengthMs } = this.#numbersOf(name);
    const open = this.#openWindow(name, nowMs);
    const used = [...(open?.requests ?? [])].reduce((sum, request) => sum + this.#costOf(name, request), 0);
    if (cost === 0 || used + cost <= limit) return nowMs;
    return cost > limit || open === null ? Number.POSITIVE_INFINITY : open.startMs + lengthMs;
  }

  #openWindow(name: string, nowMs: number): ModelWindow | null {
    const window = this.#windows.get(name);
    return window && nowMs < window.startMs + this.#numbersOf(name).lengthMs ? window : null;
  }

  #costOf(name: string, request: Request): number {
    if (name === "points") return this.#pointsOf(request);
    return name.startsWith("resource ") ? request.cost : 1;
  }

  #pointsOf({ isWrite }: Ask): number {
    return (isWrite ? this.#plan.points?.write : this.#plan.points?.read) ?? 0;
  }

  #numbersOf(name: string): { readonly limit: number; readonly lengthMs: number } {
    const { rate_limit: rateLimit, points, content_pacing: content } = this.#plan;
    if (name === "points") return { limit: points?.per_min ?? 0, lengthMs: 60_000 };
    if (name === "minute") return { limit: content?.per_min ?? 0, lengthMs: 60_000 };
    if (name === "hour") return { limit: content?.per_h ?? 0, lengthMs: 3_600_000 };
    const policy = rateLimit[name.replace("resource ", "")];
    return { limit: policy?.limit ?? 0, lengthMs: (policy?.window_s ?? 0) * 1000 };
  }
}
