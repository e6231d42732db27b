/** Facts go out to several listeners that know nothing of one another, nor who tells of them. */
import type { Log } from "./log.ts";

/** Each listener hears every fact, in order; one that throws hurts neither the others nor whoever tells. */
export function telling<Fact extends { readonly kind: string }>(
  listeners: readonly ((fact: Fact) => void)[],
  log: Log,
): (fact: Fact) => void {
  return (fact) => {
    for (const listener of listeners) {
      try {
        listener(fact);
      } catch (error) {
        log.error("fact.listener-failed", { fact: fact.kind, error });
      }
    }
  };
}
