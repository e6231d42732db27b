/** A database that tells which statements were run on it. */
import { systemDice } from "../../base/dice.ts";
import { type Database, openDatabase } from "./database.ts";
import { createMemory } from "./memory.ts";
import { migrate } from "./migrate.ts";
import type { Started } from "./start.ts";
import { createVerbs } from "./verbs.ts";

export interface Recorder extends Started {
  /** The statements since the last time it was asked, in order. */
  takeTexts(): readonly string[];
}

/** `hooksMax`: so many hooks are remembered. */
export function openRecorder(hooksMax?: number): Recorder {
  const database = openDatabase(":memory:");
  migrate(database);
  let texts: string[] = [];
  const recording: Database = {
    get: (text, ...values) => database.get(note(text), ...values),
    all: (text, ...values) => database.all(note(text), ...values),
    run: (text, ...values) => database.run(note(text), ...values),
    exec: (several) => database.exec(several),
    get isInTransaction() {
      return database.isInTransaction;
    },
    close: () => database.close(),
  };
  function note(text: string): string {
    texts.push(text);
    return text;
  }
  const ground = { database: recording, memory: createMemory(recording, hooksMax), dice: systemDice };
  return {
    database: recording,
    memory: ground.memory,
    dice: systemDice,
    verbs: createVerbs(ground),
    takeTexts() {
      const taken = texts;
      texts = [];
      return taken;
    },
  };
}
