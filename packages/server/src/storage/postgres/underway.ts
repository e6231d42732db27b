import { Unavailable } from "../../base/unavailable.ts";

/** Knows which verbs are under way, so that closing can wait for them. */
export interface Underway {
  /** The same port; its verbs are counted, and refused once it is closed. */
  watch<Port extends object>(port: Port): Port;
  /** Refuses what comes from now on, and resolves when what came before has ended. */
  close(): Promise<void>;
}

type Verb = (...args: readonly unknown[]) => Promise<unknown>;

const CLOSED = "The database is being closed. Try again.";
const RETRY_AFTER_S = 5;

export function createUnderway(): Underway {
  const ended = Promise.withResolvers<void>();
  let isClosed = false;
  let count = 0;

  async function run(verb: Verb, args: readonly unknown[]): Promise<unknown> {
    if (isClosed) throw new Unavailable(CLOSED, RETRY_AFTER_S);
    count += 1;
    try {
      return await verb(...args);
    } finally {
      count -= 1;
      if (isClosed && count === 0) ended.resolve();
    }
  }

  return {
    watch<Port extends object>(port: Port): Port {
      const verbs = Object.entries(port).map(([name, verb]) => [
        name,
        (...args: readonly unknown[]) => run(verb as Verb, args),
      ]);
      return Object.fromEntries(verbs) as Port;
    },
    async close() {
      isClosed = true;
      if (count > 0) await ended.promise;
    },
  };
}
