/** A database that tells which statements were run on it. */
import { systemDice } from "../../base/dice.ts";
import { type Database, openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";
import { createVerbs, type Verbs } from "./verbs.ts";

export interface Recorder {
  readonly database: Database;
  readonly verbs: Verbs;
  /** The statements since the last time it was asked, in order. */
  takeTexts(): readonly string[];
}

export function openRecorder(): Recorder {
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
  return {
    database: recording,
    verbs: createVerbs(recording, systemDice),
    takeTexts() {
      const taken = texts;
      texts = [];
      return taken;
    },
  };
}
