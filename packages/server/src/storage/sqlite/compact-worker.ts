/** Copies a database without what was freed in it; in a thread of its own, so that somebody can tell how far it is. */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

const { file, copy } = workerData as { readonly file: string; readonly copy: string };

const database = new DatabaseSync(file);
database.prepare("VACUUM INTO ?").run(copy);
database.close();
parentPort?.postMessage("copied");
