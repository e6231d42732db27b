/** The bench of the record: ten million deliveries beside a hundred thousand, in both engines. */
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../packages/server/src/base/clock.ts";
import { systemDice } from "../../packages/server/src/base/dice.ts";
import { createLog } from "../../packages/server/src/base/log.ts";
import { openStorage } from "../../packages/server/src/storage/open.ts";
import type { Storage } from "../../packages/server/src/storage/storage.ts";
import { type Hook, SOUND } from "../../packages/server/src/webhooks/hook.ts";
import type { Bar, Bench, BenchOptions, PartResult, Row } from "../bench.ts";
import { inLanes } from "../contenders/in-lanes.ts";
import { startServices } from "../contenders/services.ts";
import { POSTGRES_NAME, SQLITE_NAME } from "../contenders/systems.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import { fillPostgres } from "./fill-postgres.ts";
import { fillSqlite } from "./fill-sqlite.ts";
import { type Measured, measureStore } from "./measure.ts";
import { APP, APP_HOOKS, OWN_HOOKS, type Shape, SPAN_MS } from "./shape.ts";

const FULL = { few: 100_000, many: 10_000_000 };
const QUICK = { few: 3_000, many: 6_000 };
const OFTEN = { searches: 5, steps: 20, events: 500 };
const ONCE = { searches: 1, steps: 2, events: 10 };
/** What ten million take on the disk, in either engine, and some air. */
const BYTES_PER_ROW = 2_000;
const FIRST_PAGE_MS_MAX = 50;
const TIMES_MAX = 2;
/** Below this a ratio is noise. */
const MS_MIN = 1;

export const records: Bench = {
  name: "records",
  summary: "Ten million delivery records beside a hundred thousand: search, sweep, redeliver, start",
  parts: ["sqlite", "postgres"],
  async run(options) {
    const services = await startServices(process.env["CI"] !== undefined);
    const folder = await mkdtemp(join(tmpdir(), "trulinks-records-"));
    try {
      await refuseWithoutSpace(folder, sizesOf(options).many);
      const results: PartResult[] = [];
      for (const part of options.only) {
        if (part === "sqlite") results.push(await measurePart(options, inFolder(folder)));
        else if (services.postgres !== null) {
          results.push(await measurePart(options, inDatabases(folder, services.postgres.createDatabase)));
        }
      }
      return results;
    } finally {
      await rm(folder, { recursive: true });
      await services.stop();
    }
  },
};

function sizesOf({ isQuick, rows }: BenchOptions): { readonly few: number; readonly many: number } {
  const sizes = isQuick ? QUICK : FULL;
  return rows === null ? sizes : { few: Math.min(sizes.few, rows), many: rows };
}

async function refuseWithoutSpace(folder: string, rows: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const wanted = rows * BYTES_PER_ROW;
  if (bavail * bsize >= wanted) return;
  const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  throw new Error(
    `${rows} rows take up to ${gib(wanted)} GiB in ${folder}, where ${gib(bavail * bsize)} are free. Take fewer (--rows N), or set TMPDIR.`,
  );
}

interface Place {
  readonly part: string;
  readonly name: string;
  /** Of so many rows: opens it empty or as it is, and fills what is empty. */
  open(rows: number): Promise<Storage>;
  fill(rows: number, shape: Shape, onProgress: (line: string) => void): Promise<void>;
}

const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "warn" }) };

function inFolder(folder: string): Place {
  const fileOf = (rows: number): string => join(folder, String(rows));
  return {
    part: "sqlite",
    name: SQLITE_NAME,
    async open(rows) {
      const { mkdir } = await import("node:fs/promises");
      await mkdir(fileOf(rows), { recursive: true });
      return openStorage({ dataFolder: fileOf(rows), databaseUrl: null, ...world });
    },
    fill: async (rows, shape, onProgress) => fillSqlite(join(fileOf(rows), "trulinks.db"), shape, onProgress),
  };
}

function inDatabases(folder: string, createDatabase: () => Promise<string>): Place {
  const urls = new Map<number, Promise<string>>();
  const urlOf = (rows: number): Promise<string> => {
    const url = urls.get(rows) ?? createDatabase();
    urls.set(rows, url);
    return url;
  };
  return {
    part: "postgres",
    name: POSTGRES_NAME,
    open: async (rows) => openStorage({ dataFolder: folder, databaseUrl: await urlOf(rows), ...world }),
    fill: async (rows, shape, onProgress) => fillPostgres(await urlOf(rows), shape, onProgress),
  };
}

async function measurePart(options: BenchOptions, place: Place): Promise<PartResult> {
  const { few, many } = sizesOf(options);
  const [ofFew, ofMany] = [await measure(options, place, few), await measure(options, place, many)];
  const rows = [...ofMany.figures].map(([name, manyMs]): Row => {
    const fewMs = ofFew.figures.get(name) ?? Number.NaN;
    const values = {
      few_ms: fewMs,
      many_ms: manyMs,
      ratio: Math.max(manyMs, MS_MIN) / Math.max(fewMs, MS_MIN),
    };
    return { name, kind: "us", values, rounds: [values] };
  });
  const count = (n: number): string => n.toLocaleString("en-US");
  return {
    part: place.part,
    title: `${place.name}: ${count(few)} deliveries, and ${count(many)}`,
    columns: COLUMNS,
    rows,
    headline: null,
    notes: [
      `few: ${count(few)}; many: ${count(many)}. Medians; what takes less than ${MS_MIN} ms counts as ${MS_MIN} ms in a ratio.`,
      `Beside the events of the last row ${count(ofMany.swept)} rows of the many were swept.`,
      `The slowest pairs of filters among the many: ${ofMany.slowest.join("; ")}.`,
    ],
    bars: barsOf(rows),
    faults: [...ofFew.faults, ...ofMany.faults],
  };
}

const COLUMNS = [
  { name: "few_ms", unit: "ms", digits: 2 },
  { name: "many_ms", unit: "ms", digits: 2 },
  { name: "ratio", unit: "×", digits: 2 },
] as const;

async function measure({ isQuick, onProgress }: BenchOptions, place: Place, rows: number): Promise<Measured> {
  const told = (line: string): void => onProgress(`${place.part}  ${line}`);
  const shape = { rows, startMs: Date.now() - SPAN_MS - 3_600_000 };
  const empty = await place.open(rows);
  await makePeople(empty, shape.startMs);
  await empty.close();
  await place.fill(rows, shape, told);

  told(`start    with ${rows.toLocaleString("en-US")}`);
  const startMs = monotonicMs();
  const storage = await place.open(rows);
  const spentMs = monotonicMs() - startMs;
  try {
    const measured = await measureStore(storage, { shape, times: isQuick ? ONCE : OFTEN }, told);
    return { ...measured, figures: new Map([...measured.figures, ["start", spentMs]]) };
  } finally {
    await storage.close();
  }
}

async function makePeople({ accounts, webhooks }: Storage, nowMs: number): Promise<void> {
  const app = {
    id: APP as never,
    name: "records",
    owner: null,
    contact: null,
    clientId: "c",
    createdAtMs: nowMs,
  };
  await accounts.createApp(app, new Uint8Array(32));
  // What is called within one commit shares it.
  await inLanes(OWN_HOOKS, 100, async (n) => {
    const userId = `u${n}` as never;
    await accounts.createUser({ id: userId, name: null, email: null, createdAtMs: nowMs });
    await accounts.grant({ id: `grn_${n}` as never, userId, appId: APP as never, scopes: [], nowMs });
    await webhooks.createHook(hookOf(`hok_own_${n}`, { kind: "user", userId }, nowMs), SECRET, HOOK_BOUNDS);
  });
  for (let n = 0; n < APP_HOOKS; n++) {
    const owner = { kind: "app", appId: APP as never } as const;
    await webhooks.createHook(hookOf(`hok_app_${n}`, owner, nowMs), SECRET, HOOK_BOUNDS);
  }
}

const SECRET = new Uint8Array(60);
const HOOK_BOUNDS = { ownedMax: 100, knock: null };

function hookOf(id: string, owner: Hook["owner"], createdAtMs: number): Hook {
  return {
    ...{ id: id as never, owner, url: "https://receiver.example/", events: ["*"], filter: [], include: null },
    ...{ secretPer: "hook", signature: "standard", verifyTls: true, ca: null, ackDeadlineMs: 10_000 },
    ...{ retries: "default", inFlightMax: 8, serial: false, state: "active", health: SOUND, createdAtMs },
  };
}

function barsOf(rows: readonly Row[]): readonly Bar[] {
  const searches = rows.filter(({ name }) => name.startsWith("search"));
  const slowest = Math.max(...searches.map(({ values }) => values["many_ms"] ?? Number.NaN));
  const steepest = rows.toSorted((one, two) => (two.values["ratio"] ?? 0) - (one.values["ratio"] ?? 0))[0];
  const ratio = steepest?.values["ratio"] ?? Number.NaN;
  return [
    {
      what: "first page of any search among the many",
      wanted: `≤ ${FIRST_PAGE_MS_MAX} ms`,
      measured: `${slowest.toFixed(1)} ms`,
      isMet: slowest <= FIRST_PAGE_MS_MAX,
    },
    {
      what: `everything, many beside few (most: ${steepest?.name})`,
      wanted: `≤ ${TIMES_MAX} ×`,
      measured: `${ratio.toFixed(2)} ×`,
      isMet: ratio <= TIMES_MAX,
    },
  ];
}
