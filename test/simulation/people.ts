/** What providers, integrators and operators do while all this goes on. */
import type { AppId, HookId, UserId } from "@trulinks/protocol";
import type { HookRequest, Maker } from "../../packages/server/src/webhooks/hooks.ts";
import type { EventRequest } from "../../packages/server/src/webhooks/publish.ts";
import { listAll } from "./list-all.ts";
import { pick, type Stage } from "./stage.ts";

const ANSWER_WAIT_MS = 3_000;
const EVENTS_MAX = 5;
const HOUR_MS = 3_600_000;
const REST_MS_MAX = 15_000;
const PACES = [null, 0.2, 1];

/** One hook of each kind, and every grant. */
export async function settleIn(stage: Stage): Promise<void> {
  const { users, apps } = stage;
  for (const userId of users) for (const appId of apps) await grant(stage, userId, appId);
  const [ada, ben, cleo, dan] = users.map((userId) => ({ kind: "user", userId }) as const);
  const [one, other] = apps.map((appId) => ({ kind: "app", appId }) as const);
  if (!ada || !ben || !cleo || !dan || !one || !other) throw new Error("Somebody is missing.");
  const urgent = [{ pointer: "/level", in: ["urgent"] }];
  await makeHook(stage, { owner: ada });
  await makeHook(stage, { owner: ben, serial: true });
  await makeHook(stage, { owner: cleo, filter: urgent });
  await makeHook(stage, { owner: dan }, "integrator");
  await makeHook(stage, { owner: one, filter: urgent });
  await makeHook(stage, { owner: other, serial: true });
}

export async function makeHook(
  stage: Stage,
  request: Pick<HookRequest, "owner"> & Partial<HookRequest>,
  by: Maker = "operator",
): Promise<HookId> {
  const { world, hooks, secrets, users } = stage;
  const url = `http://127.0.0.1:${9_000 + hooks.size}/`;
  const created = await world.hooks.create({ url, events: ["*"], inFlightMax: 2, ...request }, by);
  if (created.kind !== "made") throw new Error(JSON.stringify(created));
  const { hook, secret } = created;
  // As it was asked for.
  hooks.set(hook.id, { ...hook, filter: request.filter ?? [], serial: request.serial ?? false });
  secrets.learn(hook.id, null, secret.reveal(), world.clock.now());
  if (hook.secretPer === "user") for (const userId of users) await learnUserSecret(stage, hook.id, userId);
  return hook.id;
}

/** Of a hundred actions. */
const ACTIONS: readonly (readonly [number, (stage: Stage, name: string) => Promise<void>])[] = [
  [52, publish],
  [8, toggleGrant],
  [4, rotateSecret],
  [4, rotateUserSecret],
  [12, rest],
  [10, activate],
  [3, async ({ world, dice, hooks }) => void (await world.hooks.ping(pick(dice, hooks.keys()), "operator"))],
  [3, async ({ dice, platform }) => pick(dice, platform.processes).life.die()],
  [4, setClocks],
];

/** Does one thing; `name` tells its events from all others. */
export async function actOnce(stage: Stage, name: string): Promise<void> {
  let point = stage.dice.roll() * 100;
  for (const [share, action] of ACTIONS) {
    if (point < share) return action(stage, name);
    point -= share;
  }
}

async function publish(stage: Stage, name: string): Promise<void> {
  const requests = Array.from({ length: 1 + Math.floor(stage.dice.roll() * EVENTS_MAX) }, (_, index) =>
    eventOf(stage, `${name}.${index}`),
  );
  // Now and then a provider's own retry comes while the first request is still being answered.
  const times = stage.dice.roll() < 0.1 ? 2 : 1;
  await Promise.all(Array.from({ length: times }, () => report(stage, requests)));
}

function eventOf({ dice, users, published }: Stage, id: string): EventRequest {
  const request = {
    ...{ id, idempotencyKey: null, type: "issue.opened", groups: [] },
    users: [pick(dice, users), pick(dice, users)],
    data: { id, level: pick(dice, ["urgent", "normal"]), text: "x".repeat(Math.floor(dice.roll() * 200)) },
    key: dice.roll() < 0.3 ? pick(dice, ["red", "blue"]) : null,
    expiresInS: dice.roll() < 0.2 ? 1 + Math.floor(dice.roll() * 60) : null,
  };
  published.set(id, request);
  return request;
}

/** Reports events as a careful provider does: under the same ids, again and again, until they are acknowledged. */
export async function report(stage: Stage, requests: readonly EventRequest[]): Promise<void> {
  const { time, dice, platform, acknowledged } = stage;
  for (;;) {
    const late = time.clock.sleep(ANSWER_WAIT_MS).then(() => null);
    const { publish } = pick(dice, platform.processes);
    const answer = await Promise.race([publish(requests).catch(() => null), late]);
    for (const published of answer ?? []) {
      if (published.kind !== "accepted" && published.kind !== "repeated") throw new Error(published.kind);
      acknowledged.set(published.receipt.id, published.receipt.deliveries);
    }
    if (answer !== null) return;
  }
}

async function grant({ world, grants, promises }: Stage, userId: UserId, appId: AppId): Promise<void> {
  promises.granted.granted(userId, appId);
  grants.set(`${userId} ${appId}`, await world.grant(userId, appId));
}

async function toggleGrant(stage: Stage): Promise<void> {
  const { world, dice, grants, promises } = stage;
  const [userId, appId] = [pick(dice, stage.users), pick(dice, stage.apps)];
  const id = grants.get(`${userId} ${appId}`);
  if (id === undefined) return grant(stage, userId, appId);
  grants.delete(`${userId} ${appId}`);
  await world.storage.accounts.revokeGrant(id, world.clock.now());
  promises.granted.revoked(userId, appId);
  if (stage.platform.form === "embedded") for (const { recall } of stage.platform.processes) recall();
}

async function rotateSecret({ world, dice, hooks, secrets }: Stage): Promise<void> {
  const hookId = pick(dice, hooks.keys());
  const secret = await world.hooks.rotateSecret(hookId);
  if (secret !== null) secrets.learn(hookId, null, secret.reveal(), world.clock.now());
}

async function rotateUserSecret(stage: Stage): Promise<void> {
  const { world, dice, hooks } = stage;
  const [hookId, userId] = [pick(dice, hooks.keys()), pick(dice, stage.users)];
  if ((await world.hooks.rotateUserSecret(hookId, userId)) === null) return;
  await learnUserSecret(stage, hookId, userId);
}

async function learnUserSecret({ world, secrets }: Stage, hookId: HookId, userId: UserId): Promise<void> {
  const [newest] = (await world.hooks.readUserSecret(hookId, userId)) ?? [];
  if (newest === undefined) throw new Error(`${userId} has no secret at ${hookId}`);
  secrets.learn(hookId, userId, newest.secret.reveal(), world.clock.now());
}

/** A hook is paused for a while, and then released at some pace. */
async function rest(stage: Stage): Promise<void> {
  const { world, time, dice } = stage;
  const hookId = pick(dice, stage.hooks.keys());
  await change(world.hooks.change(hookId, { state: "paused" }, "operator"));
  await time.clock.sleep(dice.roll() * REST_MS_MAX);
  await makeActive(stage, hookId, pick(dice, PACES));
}

async function activate(stage: Stage): Promise<void> {
  const { dice, hooks } = stage;
  await makeActive(stage, pick(dice, hooks.keys()), pick(dice, PACES));
}

export async function makeActive(stage: Stage, hookId: HookId, releasePerS: number | null): Promise<void> {
  const { world, promises, hooks } = stage;
  await change(world.hooks.change(hookId, { state: "active", releasePerS }, "operator"));
  const waiting = await listAll(world.storage.webhooks, { hookId, state: "waiting" });
  // Of a serial hook what is behind others waits for the same reason as what has not been released yet.
  const kept = waiting.filter(({ because }) => because === "limit" && !hooks.get(hookId)?.serial);
  promises.pace.released(
    hookId,
    releasePerS,
    kept.map(({ id }) => id),
  );
}

async function change(changed: ReturnType<Stage["world"]["hooks"]["change"]>): Promise<void> {
  const { kind } = await changed;
  if (kind !== "changed") throw new Error(kind);
}

/** The clock of an embedded platform is set, by minutes or hours, to either side; those of several run a little apart. */
async function setClocks({ dice, platform, time, history }: Stage): Promise<void> {
  const side = dice.roll() < 0.5 ? -1 : 1;
  if (platform.form === "embedded") {
    time.set(Math.round(side * dice.roll() ** 2 * 3 * HOUR_MS));
    return history.clockWasSet();
  }
  pick(dice, platform.processes).skew(Math.round(side * dice.roll() * 1_500));
}
