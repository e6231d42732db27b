/** Whoever takes its turn in a round: something that brings events to the receiver as fast as it can. */
import type { Watched } from "../measure/processes.ts";

export interface Entrant {
  readonly name: string;
  /** `us`, another system that does the same (`peer`), or the least work that could do it at all (`limit`). */
  readonly kind: "us" | "peer" | "limit";
  /** How its events come in; rows with the same form are compared. Null for the limit, which takes none in. */
  readonly form: string | null;
  /** Its own processes, as they run now. */
  processes(): readonly Watched[];
  start(): Promise<Running>;
}

export interface Running {
  /** Events accepted so far. */
  accepted(): number;
  refused(): number;
  /** Takes in nothing more, and answers when all of it is acknowledged. */
  stop(): Promise<void>;
}
