/** The app's one hook: made at the first start, found again at every other. */
import { randomBytes } from "node:crypto";
import { formatSecret, parseSecret } from "@trulinks/protocol";
import { type Database, readSetting, writeSetting } from "./database.ts";
import { type Answer, memberOf, type TruLinks } from "./trulinks.ts";

export const HOOK_EVENTS: readonly string[] = ["issue.opened"];

export interface Hook {
  readonly id: string;
  readonly app: string;
}

/** Why TruLinks gave no hook. `isFinal`: asking again will not help, as with a wrong client secret. */
export class HookRefused extends Error {
  readonly isFinal: boolean;

  constructor(message: string, isFinal: boolean) {
    super(message);
    this.isFinal = isFinal;
  }
}

/** The key of what concerns no user, such as a ping. */
export function hookKey(db: Database): Uint8Array | null {
  return parseSecret(readSetting(db, "hook-secret") ?? "");
}

/** Makes the hook, or moves it to this URL. It is `pending` until the receiver has answered its ping. */
export async function ensureHook(db: Database, trulinks: TruLinks, url: string): Promise<Hook> {
  const known = await findKnown(db, trulinks);
  const hook = known ?? (await findByUrl(db, trulinks, url)) ?? (await makeHook(db, trulinks, url));
  const id = String(memberOf(hook, "id"));
  const path = `/integrations/hooks/${id}`;
  if (memberOf(hook, "url") !== url) expect(await trulinks.asApp("PATCH", path, { url }), 200);
  if (known !== null && memberOf(hook, "state") === "pending") await trulinks.asApp("POST", `${path}/pings`);
  return { id, app: String(memberOf(hook, "app")) };
}

async function findKnown(db: Database, trulinks: TruLinks): Promise<unknown> {
  const id = readSetting(db, "hook-id");
  if (id === null) return null;
  const answer = await trulinks.asApp("GET", `/integrations/hooks/${id}`);
  return answer.status === 404 ? null : expect(answer, 200);
}

/** A hook made by a start that died before it had written the id down, or by one whose data are gone. */
async function findByUrl(db: Database, trulinks: TruLinks, url: string): Promise<unknown> {
  const { data } = expect(await trulinks.asApp("GET", "/integrations/hooks?limit=200"), 200) as {
    data: unknown[];
  };
  const hook = data.find((candidate) => memberOf(candidate, "url") === url);
  if (hook === undefined) return null;
  const path = `/integrations/hooks/${memberOf(hook, "id")}`;
  const rotated = expect(await trulinks.asApp("POST", `${path}/secret`), 200, 201);
  writeSetting(db, "hook-secret", String(memberOf(rotated, "secret")));
  writeSetting(db, "hook-id", String(memberOf(hook, "id")));
  return hook;
}

async function makeHook(db: Database, trulinks: TruLinks, url: string): Promise<unknown> {
  // Chosen here and written down first: the ping may come before the answer that would have told the secret.
  const secret = formatSecret(randomBytes(32));
  writeSetting(db, "hook-secret", secret);
  const body = { url, events: HOOK_EVENTS, secret, secret_per: "user" };
  const hook = expect(await trulinks.asApp("POST", "/integrations/hooks", body), 201);
  writeSetting(db, "hook-id", String(memberOf(hook, "id")));
  return hook;
}

function expect(answer: Answer, ...statuses: readonly number[]): unknown {
  const { status, body } = answer;
  if (statuses.includes(status)) return body;
  const isFinal = status >= 400 && status < 500 && status !== 404 && status !== 408 && status !== 429;
  throw new HookRefused(
    `TruLinks answered ${status}: ${memberOf(body, "message") ?? "no reason given"}`,
    isFinal,
  );
}
