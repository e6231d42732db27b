/** Systems that are up, each with its own block of paths at the receiver, and all that came from them. */
import type { PartResult } from "../bench.ts";
import type { Place, System, SystemUnderTest } from "../contenders/systems.ts";
import type { Arrivals } from "../receiver/arrivals.ts";
import type { Receiver } from "../receiver/receiver.ts";
import { agreeAfterRestart, sentence } from "./agreement.ts";

export interface Prepared {
  readonly system: System;
  readonly under: SystemUnderTest;
  readonly pathFirst: number;
}

export interface Systems {
  /** Those that are up already are not started again. */
  prepare(systems: readonly System[]): Promise<readonly Prepared[]>;
  /** Where nobody else sends to. */
  freePaths(): Place;
  /** Takes what came to the receiver since the last taking; it is remembered. */
  take(): Promise<Arrivals>;
  /** All that was taken so far. */
  readonly arrivals: readonly Arrivals[];
  /** Of each of ours that is up: whether its store tells what the receiver saw. */
  agree(): Promise<Pick<PartResult, "notes" | "faults">>;
  /** Ends those of a kind, or all. */
  close(kind?: System["kind"]): Promise<void>;
}

export interface SystemsDeps {
  readonly receiver: Receiver;
  readonly users: number;
  readonly onProgress: (line: string) => void;
}

export function createSystems({ receiver, users, onProgress }: SystemsDeps): Systems {
  const up = new Map<string, Prepared>();
  const arrivals: Arrivals[] = [];
  let pathNext = 0;

  function freePaths(): Place {
    const pathFirst = pathNext;
    pathNext += users;
    return { receiverUrl: receiver.url, pathFirst, users };
  }

  async function prepare(system: System): Promise<Prepared> {
    const known = up.get(system.name);
    if (known !== undefined) return known;
    onProgress(`prepare  ${system.name}`);
    const place = freePaths();
    const prepared = { system, under: await system.prepare(place), pathFirst: place.pathFirst };
    up.set(system.name, prepared);
    return prepared;
  }

  async function take(): Promise<Arrivals> {
    const taken = await receiver.take();
    arrivals.push(taken);
    return taken;
  }

  return {
    freePaths,
    take,
    arrivals,
    async prepare(systems) {
      const all: Prepared[] = [];
      for (const system of systems) all.push(await prepare(system));
      return all;
    },
    async agree() {
      const notes: string[] = [];
      const faults: string[] = [];
      for (const { system, under, pathFirst } of up.values()) {
        if (under.platform === null) continue;
        onProgress(`compare  ${system.name} with what the receiver saw`);
        const agreement = await agreeAfterRestart(under.platform, take, { arrivals, pathFirst });
        notes.push(sentence(system.name, agreement));
        faults.push(...agreement.faults.map((fault) => `${system.name}: ${fault}`));
      }
      return { notes, faults };
    },
    async close(kind) {
      for (const [name, { system, under }] of [...up].reverse()) {
        if (kind !== undefined && system.kind !== kind) continue;
        up.delete(name);
        await under.close();
      }
    },
  };
}
