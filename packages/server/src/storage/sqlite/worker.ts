/** The thread that owns the database, so that no commit ever holds up the event loop of the others. */
import { strict as assert } from "node:assert";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { type Answer, type Call, listMuch, runBatch } from "./batch.ts";
import { toStartFailure } from "./failure.ts";
import { createPacker, type Packer, unpackCall } from "./packing.ts";
import { namesOf } from "./ports.ts";
import { type Started, startDatabase } from "./start.ts";
import type { FromWorker, ToWorker, WorkerInput } from "./thread.ts";
import { isReading } from "./verbs.ts";

/**
 * A transaction takes no further message after this many calls, or this many characters in their texts: the first to
 * come would wait too long, and the log that SQLite writes ahead would grow too far.
 */
const BATCH_CALLS_MAX = 1_000;
const BATCH_CHARACTERS_MAX = 16 * 1024 * 1024;

assert(parentPort !== null);
serve(parentPort, workerData as WorkerInput);

function serve(port: MessagePort, input: WorkerInput): void {
  const post = (message: FromWorker): void => port.postMessage(message);
  const started = start(input, post);
  if (started === null) return;
  const packer = createPacker();
  port.on("message", (first: ToWorker) => {
    const { calls, isLast } = drain(port, first);
    if (calls.length > 0) post(answerOf(started, packer, calls));
    if (!isLast) return listMuch(started);
    started.database.close();
    port.close();
  });
  post({ kind: "ready", names: namesOf(started.verbs) });
}

function answerOf(started: Started, packer: Packer, calls: readonly Call[]): FromWorker {
  const startMs = systemClock.monotonic();
  const answers = packAnswers(packer, calls, runBatch(started, calls));
  const isWriting = calls.some(({ verb }) => !isReading(verb));
  return { kind: "answers", answers, durationMs: isWriting ? systemClock.monotonic() - startMs : null };
}

function start(input: WorkerInput, post: (message: FromWorker) => void): Started | null {
  try {
    return startDatabase({ ...input, dice: systemDice });
  } catch (error) {
    post({ kind: "refused", failure: toStartFailure(error, input.file) });
    return null;
  }
}

function packAnswers(packer: Packer, calls: readonly Call[], answers: readonly Answer[]): readonly Answer[] {
  const verbs = new Map(calls.map(({ id, verb }) => [id, verb]));
  return answers.map((answer) =>
    answer.kind === "done"
      ? { ...answer, result: packer.pack(verbs.get(answer.id) ?? "", answer.result) }
      : answer,
  );
}

/** Everything that arrived while the last transaction was committed. */
function drain(
  port: MessagePort,
  first: ToWorker,
): { readonly calls: readonly Call[]; readonly isLast: boolean } {
  const calls: Call[] = [];
  let characters = 0;
  let message: ToWorker | undefined = first;
  while (message !== undefined) {
    if (message.kind === "close") return { calls, isLast: true };
    for (const call of message.calls) calls.push(unpackCall(call));
    characters += message.characters;
    if (calls.length >= BATCH_CALLS_MAX || characters >= BATCH_CHARACTERS_MAX) break;
    message = receiveMessageOnPort(port)?.message as ToWorker | undefined;
  }
  return { calls, isLast: false };
}
