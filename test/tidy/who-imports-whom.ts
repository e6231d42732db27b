/** The walls of the house: who may import whom. The table is documentation; ARCHITECTURE.md says why. */
import { type Import, importsOf } from "./imports.ts";
import type { Finding, RuleFamily } from "./rule.ts";
import { filesWhere, isTest, isTypeScript, type SourceFile } from "./tree.ts";

interface Room {
  /** A folder or a file; the longest that a path begins with is the file's room. */
  readonly at: string;
  /** Rooms, folders or files that it may import, besides itself. */
  readonly mayImport: readonly string[];
  /** What it may import with `import type` only. */
  readonly mayImportTypes?: readonly string[];
  /** Which of Node's modules it may import; any if left out. */
  readonly node?: readonly string[];
}

const PROTOCOL = "packages/protocol/src";
const LIMITS = "packages/limits/src";
const SERVER = "packages/server/src";
const server = (...names: readonly string[]): readonly string[] => names.map((name) => `${SERVER}/${name}`);

const PORTS = server("accounts", "webhooks", "api", "secrets", "governance", "idempotency");
// The words and numbers of deliveries, in which the ports of webhooks are written; who sees what of an event; what may be
// sent once more; what a hook's health is, and what is told of it.
const WORDS = server(
  ...["webhooks/delivery.ts", "webhooks/view.ts", "webhooks/view-now.ts"],
  ...["webhooks/redelivery.ts", "webhooks/replay.ts"],
  ...["webhooks/health.ts", "webhooks/platform-event.ts"],
);
// What the two engines would otherwise each say again.
const BOTH_ENGINES = [
  "storage/storage.ts",
  "storage/page-of.ts",
  "storage/standing-row.ts",
  "storage/feed-run.ts",
  "storage/delivery-search.ts",
  "storage/event-row.ts",
  "storage/health-columns.ts",
  "storage/erasure-row.ts",
  "storage/host-of.ts",
  "storage/kept-because.ts",
  "storage/owner-columns.ts",
  "storage/pace.ts",
  "storage/backlog-sum.ts",
  "storage/replay-row.ts",
];

export const ROOMS: readonly Room[] = [
  { at: PROTOCOL, mayImport: [], node: [] },
  { at: `${PROTOCOL}/hmac-node.ts`, mayImport: [PROTOCOL], node: ["node:crypto"] },
  { at: `${PROTOCOL}/ed25519-node.ts`, mayImport: [PROTOCOL], node: ["node:crypto"] },
  { at: LIMITS, mayImport: [PROTOCOL], node: [] },
  // Types only, but the rule does not tell them apart.
  ...["node.ts", "express.ts"].map((name) => ({
    at: `${LIMITS}/${name}`,
    mayImport: [PROTOCOL, LIMITS],
    node: ["node:http"],
  })),

  { at: `${SERVER}/base`, mayImport: [PROTOCOL] },
  { at: `${SERVER}/config`, mayImport: [PROTOCOL, ...server("base")] },
  { at: `${SERVER}/secrets`, mayImport: [PROTOCOL, ...server("base")] },
  // What two features and the API hold data against; it knows none of them.
  { at: `${SERVER}/schemas`, mayImport: [PROTOCOL, ...server("base")] },

  // Kept answers, for the platform's own POSTs and for those that the gateway forwards.
  {
    at: `${SERVER}/idempotency`,
    mayImport: [PROTOCOL, ...server("base")],
    mayImportTypes: server("secrets/vault.ts"),
  },
  // Features never import one another: they meet as functions that wire.ts passes.
  { at: `${SERVER}/accounts`, mayImport: [PROTOCOL, ...server("base")] },
  {
    at: `${SERVER}/webhooks`,
    mayImport: [PROTOCOL, ...server("base", "schemas")],
    mayImportTypes: server("secrets/vault.ts"),
  },
  {
    at: `${SERVER}/gateway`,
    mayImport: [PROTOCOL, LIMITS, ...server("base", "schemas", "idempotency")],
    mayImportTypes: server("accounts/caller.ts", "accounts/identify.ts"),
  },
  { at: `${SERVER}/governance`, mayImport: [PROTOCOL, ...server("base")] },

  // The consumer owns the port; the engines know ports, and not one another.
  {
    at: `${SERVER}/storage`,
    mayImport: [PROTOCOL, ...server("base", "secrets"), ...WORDS],
    mayImportTypes: PORTS,
  },
  {
    at: `${SERVER}/storage/open.ts`,
    mayImport: [PROTOCOL, ...server("base", "secrets", "storage")],
  },
  {
    at: `${SERVER}/storage/sqlite`,
    mayImport: [PROTOCOL, ...server("base", "secrets", ...BOTH_ENGINES), ...WORDS],
    mayImportTypes: PORTS,
  },
  {
    at: `${SERVER}/storage/postgres`,
    mayImport: [PROTOCOL, ...server("base", "secrets", ...BOTH_ENGINES), ...WORDS],
    mayImportTypes: PORTS,
  },

  // It listens and reads; nobody but wire.ts knows that it is there.
  {
    at: `${SERVER}/telemetry`,
    mayImport: [PROTOCOL, ...server("base", "webhooks/outcome.ts")],
    mayImportTypes: server(
      ...["webhooks", "gateway", "storage/storage.ts"],
      ...["api/fact.ts", "api/provider/traced.ts"],
    ),
  },

  {
    at: `${SERVER}/api`,
    mayImport: [
      PROTOCOL,
      ...server("base", "schemas", "idempotency", "secrets", "accounts", "webhooks", "governance"),
    ],
  },
  {
    at: `${SERVER}/cli`,
    mayImport: [PROTOCOL, ...server("base", "config", "secrets", "wire.ts", "version.ts")],
    mayImportTypes: server("storage/storage.ts"),
  },
  // Only the composition root knows everyone.
  { at: `${SERVER}/wire.ts`, mayImport: [PROTOCOL, LIMITS, SERVER] },
  { at: `${SERVER}/wire`, mayImport: [PROTOCOL, LIMITS, SERVER] },
  { at: `${SERVER}/main.ts`, mayImport: server("cli", "storage/open.ts", "storage/sqlite/compact.ts") },

  { at: "examples/tracker", mayImport: [PROTOCOL] },
  { at: "examples/greeter", mayImport: [PROTOCOL] },
  { at: "examples/receivers", mayImport: [] },
  { at: "bench", mayImport: ["packages", "examples", "test"] },
  { at: "test", mayImport: ["packages", "examples", "bench"] },
];

export const whoImportsWhom: RuleFamily = {
  promises: {
    "imports.direction": "Imports follow the table of who may import whom.",
    "imports.type-only": "What may be imported for its types only is imported with `import type`.",
    "imports.test-code": "What runs at a user's imports no tests, contracts or benches.",
    "imports.platform": "What runs everywhere imports nothing of Node's but where the table says so.",
    "imports.by-name": "One package imports another by its name, not by a path into its folder.",
  },
  check: ({ tree }) =>
    filesWhere(tree, isTypeScript).flatMap((file) => {
      const room = roomOf(file.path);
      if (room === null) return [];
      return importsOf(file).flatMap((one) => {
        const flaw = flawOf(file, room, one);
        return flaw === null ? [] : [{ path: file.path, line: one.line, ...flaw }];
      });
    }),
};

type Flaw = Pick<Finding, "rule" | "message">;

function flawOf(file: SourceFile, room: Room, one: Import): Flaw | null {
  const { target } = one;
  if (target.kind === "node") return isTest(file.path) ? null : platformFlaw(room, target.name);
  if (target.kind !== "file" && target.kind !== "package") return null;

  if (isPackage(file.path) && target.kind === "file" && packageOf(target.path) !== packageOf(file.path)) {
    if (isPackage(target.path)) return byNameFlaw(target.path);
  }
  if (isTest(file.path)) return null;
  if (!lies(file.path, "test") && !lies(file.path, "bench") && isTestCode(target.path)) {
    return testCodeFlaw(target.path);
  }
  return directionFlaw(room, one, target.path);
}

function directionFlaw(room: Room, one: Import, target: string): Flaw | null {
  if (lies(target, room.at) || room.mayImport.some((place) => lies(target, place))) return null;
  if (!room.mayImportTypes?.some((place) => lies(target, place))) {
    return {
      rule: "imports.direction",
      message: `${room.at} may not import ${target}. Take what you need as a function in \`deps\` and pass it in wire.ts, or move the idea to where both may see it; the table in test/tidy/who-imports-whom.ts is the map.`,
    };
  }
  if (one.isTypeOnly) return null;
  return {
    rule: "imports.type-only",
    message: `${room.at} may import only types of ${target}. Write \`import type\`, and take functions through \`deps\`.`,
  };
}

function platformFlaw(room: Room, name: string): Flaw | null {
  if (room.node === undefined || room.node.includes(name)) return null;
  return {
    rule: "imports.platform",
    message: `${room.at} runs on every platform and may not import ${name}. Use what the Web standards have, or put it behind a conditional import as \`#hmac\` does.`,
  };
}

function byNameFlaw(target: string): Flaw {
  return {
    rule: "imports.by-name",
    message: `${target} is another package's. Import it by the package's name, and export there what you need.`,
  };
}

function testCodeFlaw(target: string): Flaw {
  return {
    rule: "imports.test-code",
    message: `${target} is not there at a user's. Move what both need into the package's own sources.`,
  };
}

function roomOf(path: string): Room | null {
  const rooms = ROOMS.filter((room) => lies(path, room.at));
  return rooms.reduce<Room | null>(
    (best, room) => (best && best.at.length > room.at.length ? best : room),
    null,
  );
}

function lies(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function isTestCode(path: string): boolean {
  return isTest(path) || lies(path, "test") || lies(path, "bench");
}

function packageOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function isPackage(path: string): boolean {
  return /^(packages|examples)\/[^/]+\//.test(path);
}
