/** Fills the demo through the public APIs, once; what cannot be read again is kept for the next start. */
import type { Clock } from "../../base/clock.ts";
import type { Secret } from "../../base/secret.ts";
import { StartRefused } from "../../base/start-refused.ts";
import { type Answered, type Ask, ask, textOf } from "./ask.ts";
import { readKept, writeKept } from "./kept.ts";

export interface SeedDeps {
  /** The demo's folder. */
  readonly folder: string;
  readonly publicUrl: string;
  readonly providerUrl: string;
  readonly trackerUrl: string;
  readonly operatorKey: Secret;
  readonly clock: Pick<Clock, "after" | "monotonic" | "sleep">;
}

/** The app of the greeter, with what it needs to run. */
export interface SeededApp {
  readonly app: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly project: number;
}

export const TOKENS_FILE = "tokens.json";
const APP_FILE = "app.json";
const FRESH_FILE = "fresh-token.json";

const USERS = [
  { id: "ada", name: "Ada", email: "ada@example.com" },
  { id: "grace", name: "Grace", email: "grace@example.com" },
  { id: "linus", name: "Linus", email: "linus@example.com" },
];
/** Whose issues reach the greeter. */
const GRANTING = ["ada", "grace"];
const SCOPES = ["projects:read", "issues:read", "issues:write", "pulls:read"];
const OUTBOX_MS_MAX = 10_000;
const OUTBOX_POLL_MS = 10;

/** Finds what a start before has made, or makes it. */
export async function seed(deps: SeedDeps): Promise<SeededApp> {
  const kept = readKept<SeededApp>(deps.folder, APP_FILE);
  if (kept !== null) {
    const found = await asOperator(deps, "GET", `/v1/apps/${kept.app}`, { expected: [200, 404] });
    if (found.status === 200) return kept;
  }
  await signUp(deps);
  const made = await asOperator(deps, "POST", "/v1/apps", {
    body: { name: "Greeter", owner: "linus", contact: "linus@example.com" },
    expected: [201],
  });
  const project = await makeProject(deps);
  const app = memberOf(made, "id");
  writeKept(deps.folder, TOKENS_FILE, await makeTokens(deps, app));
  const seeded = {
    app,
    client_id: memberOf(made, "client_id"),
    client_secret: memberOf(made, "client_secret"),
    project,
  };
  // Last: a start that dies before this one line is done anew.
  writeKept(deps.folder, APP_FILE, seeded);
  return seeded;
}

/** A token of ada's grant for whoever looks at the screen. That of the start before is revoked. */
export async function freshToken(deps: SeedDeps, { app }: SeededApp): Promise<string> {
  const before = readKept<{ id: string }>(deps.folder, FRESH_FILE);
  if (before !== null) await asOperator(deps, "DELETE", `/v1/tokens/${before.id}`, { expected: [204, 404] });
  const made = await asOperator(deps, "POST", "/v1/tokens", { body: { user: "ada", app }, expected: [201] });
  writeKept(deps.folder, FRESH_FILE, { id: memberOf(made, "id") });
  return memberOf(made, "token");
}

/** The tracker's users; its outbox makes them known to TruLinks. */
async function signUp(deps: SeedDeps): Promise<void> {
  const { trackerUrl, operatorKey, clock } = deps;
  const authorization = bearer(operatorKey.reveal());
  for (const body of USERS) {
    await ask("POST", `${trackerUrl}/users`, { clock, authorization, body, expected: [201, 409] });
  }
  await outboxEmpty(deps);
}

/** By ada, through the gateway, with a personal token for just that. She watches it, and lets grace watch it. */
async function makeProject(deps: SeedDeps): Promise<number> {
  const token = await asOperator(deps, "POST", "/v1/tokens", { body: { user: "ada" }, expected: [201] });
  const authorization = bearer(memberOf(token, "token"));
  const { publicUrl, clock } = deps;
  const body = { name: "apollo", description: "Where the demo's issues are opened" };
  // Refused as taken if a start died between this and its end.
  await ask("POST", `${publicUrl}/projects`, { clock, authorization, body, expected: [201, 422] });
  const { body: projects } = await ask("GET", `${publicUrl}/projects`, {
    clock,
    authorization,
    expected: [200],
  });
  const project = (projects as { id: number; name: string }[]).find(({ name }) => name === body.name);
  if (project === undefined)
    throw new StartRefused("The demo could not be set up: its project is not there.");
  await ask("PUT", `${publicUrl}/projects/${project.id}/watchers/grace`, {
    clock,
    authorization,
    expected: [204],
  });
  await asOperator(deps, "DELETE", `/v1/tokens/${memberOf(token, "id")}`, { expected: [204] });
  await outboxEmpty(deps);
  return project.id;
}

async function makeTokens(deps: SeedDeps, app: string): Promise<Record<string, string>> {
  const tokens: Record<string, string> = {};
  for (const user of GRANTING) {
    await asOperator(deps, "POST", "/v1/grants", {
      body: { user, app, scopes: SCOPES },
      expected: [200, 201],
    });
    const made = await asOperator(deps, "POST", "/v1/tokens", { body: { user, app }, expected: [201] });
    tokens[user] = memberOf(made, "token");
  }
  return tokens;
}

/** Everything that the tracker has to tell has reached TruLinks. */
async function outboxEmpty({ trackerUrl, operatorKey, clock }: SeedDeps): Promise<void> {
  const authorization = bearer(operatorKey.reveal());
  const untilMs = clock.monotonic() + OUTBOX_MS_MAX;
  while (clock.monotonic() < untilMs) {
    const { body } = await ask("GET", `${trackerUrl}/outbox`, { clock, authorization, expected: [200] });
    if ((body as { waiting: number }).waiting === 0) return;
    await clock.sleep(OUTBOX_POLL_MS);
  }
  throw new StartRefused("The demo could not be set up: the tracker's events do not reach TruLinks.");
}

function asOperator(
  deps: SeedDeps,
  method: string,
  path: string,
  options: Pick<Ask, "body" | "expected">,
): Promise<Answered> {
  const { clock, providerUrl, operatorKey } = deps;
  return ask(method, providerUrl + path, { ...options, clock, authorization: bearer(operatorKey.reveal()) });
}

function bearer(token: string): string {
  return `Bearer ${token}`;
}

function memberOf({ body }: Answered, name: string): string {
  const value = textOf(body, name);
  if (value === null) throw new StartRefused(`The demo could not be set up: an answer has no ${name}.`);
  return value;
}
