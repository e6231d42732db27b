/** One worker thread, from its start to its end, as its owner sees it. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Answer, Call } from "./batch.ts";
import { type Failure, toError } from "./failure.ts";
import type { VerbNames } from "./ports.ts";

export interface WorkerInput {
  readonly file: string;
}

export type ToWorker =
  /** `characters`: those of all texts in the calls. */
  | { readonly kind: "calls"; readonly calls: readonly Call[]; readonly characters: number }
  | { readonly kind: "close" };

export type FromWorker =
  | { readonly kind: "ready"; readonly names: VerbNames }
  | { readonly kind: "refused"; readonly failure: Failure }
  | {
      readonly kind: "answers";
      readonly answers: readonly Answer[];
      /** How long it took until they were on disk; null: nothing was written. */
      readonly durationMs: number | null;
    };

export interface Thread {
  readonly names: VerbNames;
  post(message: ToWorker): void;
  /** Ends the thread where it stands, as a crash would. */
  terminate(): Promise<unknown>;
  /** Resolves when the thread has ended, with the error it died of if it did. */
  readonly ended: Promise<unknown>;
}

/** Resolves when the database is open and up to date. */
export function startThread(
  input: WorkerInput,
  onAnswers: (answers: readonly Answer[], durationMs: number | null) => void,
): Promise<Thread> {
  // Run from source this file ends in .ts, after the build in .js, and the worker lies beside it.
  const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: input });
  let cause: unknown = null;
  worker.once("error", (error) => {
    cause = error;
  });
  const ended = new Promise<unknown>((resolve) => worker.once("exit", () => resolve(cause)));

  return new Promise((resolve, reject) => {
    void ended.then((error) => reject(error ?? new Error("The store's thread ended before it was ready.")));
    worker.on("message", (message: FromWorker) => {
      switch (message.kind) {
        case "ready":
          return resolve({
            names: message.names,
            post: (outgoing) => worker.postMessage(outgoing),
            terminate: () => worker.terminate(),
            ended,
          });
        case "refused":
          return reject(toError(message.failure));
        case "answers":
          return onAnswers(message.answers, message.durationMs);
        default:
          return message satisfies never;
      }
    });
  });
}
