/** An embedded engine that can be lost and opened again over the same data, as when its process dies. */
import type { Dice } from "../../packages/server/src/base/dice.ts";
import { openSqliteInProcess } from "../../packages/server/src/storage/sqlite/open.ts";
import type { Storage } from "../../packages/server/src/storage/storage.ts";

export interface Reopening {
  /** Stays the same whichever engine is open. */
  readonly storage: Storage;
  /** What the engine had in memory is gone; what it had committed is not. */
  reopen(): void;
}

let opened = 0;

export function createReopening(dice: Dice): Reopening {
  // A name of its own for each, or they would share their data; it lasts as long as a connection is open.
  const file = `file:simulation-${opened++}?mode=memory&cache=shared`;
  let current = openSqliteInProcess({ file, dice });

  function delegate<Name extends Exclude<keyof Storage, "load" | "listen" | "ping" | "close">>(
    name: Name,
  ): Storage[Name] {
    const verbs = Object.keys(current[name]).map((verb) => [
      verb,
      (...args: readonly unknown[]) => (current[name] as unknown as Port)[verb]?.(...args),
    ]);
    return Object.fromEntries(verbs) as Storage[Name];
  }

  return {
    storage: {
      accounts: delegate("accounts"),
      webhooks: delegate("webhooks"),
      backlog: delegate("backlog"),
      replays: delegate("replays"),
      eventTypes: delegate("eventTypes"),
      feed: delegate("feed"),
      health: delegate("health"),
      record: delegate("record"),
      secrets: delegate("secrets"),
      idempotency: delegate("idempotency"),
      standings: delegate("standings"),
      load: () => current.load(),
      ping: () => current.ping(),
      close: () => current.close(),
    },
    reopen() {
      const lost = current;
      current = openSqliteInProcess({ file, dice });
      void lost.close();
    },
  };
}

type Port = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
