import type { Clock } from "../../base/clock.ts";
import type { Dice } from "../../base/dice.ts";
import type { Log } from "../../base/log.ts";
import type { CommittedFact, Storage } from "../storage.ts";
import { listMuch, runBatch } from "./batch.ts";
import { startEngine } from "./engine.ts";
import { toError } from "./failure.ts";
import { type Carry, namesOf, portsOf } from "./ports.ts";
import { startDatabase } from "./start.ts";
import { startThread } from "./thread.ts";

export interface OpenSqlite {
  readonly file: string;
  readonly clock: Clock;
  /** Not used here: an object cannot cross into the thread, where ids take the system's chance. */
  readonly dice: Dice;
  readonly log: Log;
  readonly onFact?: ((fact: CommittedFact) => void) | undefined;
}

/** The embedded engine, in a thread of its own. The caller holds the data folder's lock. */
export function openSqlite({ file, clock, log, onFact }: OpenSqlite): Promise<Storage> {
  return startEngine({ file, clock, log, onFact, startThread });
}

/** The same verbs on the caller's own thread, so that a simulation replays exactly. `file` may be `:memory:`. */
export function openSqliteInProcess({ file, dice }: Pick<OpenSqlite, "file" | "dice">): Storage {
  const started = startDatabase({ file, dice });
  const carry: Carry = async (port, verb, args) => {
    const [answer] = runBatch(started, [{ id: 0, port, verb, args }]);
    listMuch(started);
    if (answer?.kind === "done") return answer.result;
    throw answer === undefined ? new Error("no answer") : toError(answer.failure);
  };
  return {
    ...portsOf(namesOf(started.verbs), carry),
    load: () => ({ callsWaiting: 0, connections: null }),
    close: async () => started.database.close(),
  };
}
