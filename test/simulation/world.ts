/** A platform without its edges, for tests: a real embedded store and real decisions, with clock and chance passed in. */
import {
  type AppId,
  type GrantId,
  ID_CHANCE_BYTES,
  type IdKind,
  makeId,
  POLICY_DEFAULT,
  type Policy,
  type UserId,
} from "@trulinks/protocol";
import type { Clock } from "../../packages/server/src/base/clock.ts";
import type { Dice } from "../../packages/server/src/base/dice.ts";
import type { Log, LogFields } from "../../packages/server/src/base/log.ts";
import { createVault } from "../../packages/server/src/secrets/vault.ts";
import { openSqliteInProcess } from "../../packages/server/src/storage/sqlite/open.ts";
import type { Storage } from "../../packages/server/src/storage/storage.ts";
import { createAddressPolicy } from "../../packages/server/src/webhooks/addresses.ts";
import { createHooks, type Hooks } from "../../packages/server/src/webhooks/hooks.ts";
import type { Keyring } from "../../packages/server/src/webhooks/signing-secrets.ts";

export interface World {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
  readonly keyring: Keyring;
  readonly hooks: Hooks;
  /** What was logged: the name of each line and its fields. */
  readonly lines: readonly (readonly [string, LogFields])[];
  makeUser(id: string): Promise<UserId>;
  makeApp(): Promise<AppId>;
  grant(userId: UserId, appId: AppId): Promise<GrantId>;
}

export interface WorldOptions {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly wake?: () => void;
  readonly recall?: () => void;
  readonly policy?: () => Policy["webhooks"];
  /** Opened in memory if left out. */
  readonly storage?: Storage;
}

export function createWorld(options: WorldOptions): World {
  const { clock, dice, wake = () => {}, recall = () => {} } = options;
  const policy = options.policy ?? (() => POLICY_DEFAULT.webhooks);
  const storage = options.storage ?? openSqliteInProcess({ file: ":memory:", dice });
  const keyring = { vault: createVault(dice.bytes(32), dice), masterKey: dice.bytes(32) };
  const lines: (readonly [string, LogFields])[] = [];
  const log = createRecordingLog(lines);
  const makeNew = <Kind extends IdKind>(kind: Kind) => makeId(kind, clock.now(), dice.bytes(ID_CHANCE_BYTES));

  return {
    storage,
    clock,
    dice,
    log,
    lines,
    keyring,
    hooks: createHooks({
      store: storage.webhooks,
      keyring,
      clock,
      dice,
      addresses: createAddressPolicy(["127.0.0.0/8", "::1/128"]),
      policy,
      log,
      wake,
      recall,
    }),
    async makeUser(id) {
      const user = { id: id as UserId, name: null, email: null, createdAtMs: clock.now() };
      await storage.accounts.createUser(user);
      return user.id;
    },
    async makeApp() {
      const id = makeNew("app");
      const app = { id, name: "An app", owner: null, contact: null, clientId: id, createdAtMs: clock.now() };
      await storage.accounts.createApp(app, dice.bytes(32));
      return id;
    },
    async grant(userId, appId) {
      const request = { id: makeNew("grant"), userId, appId, scopes: null, nowMs: clock.now() };
      const granted = await storage.accounts.grant(request);
      if (granted.kind !== "made" && granted.kind !== "same") throw new Error(granted.kind);
      return granted.grant.id;
    },
  };
}

function createRecordingLog(lines: (readonly [string, LogFields])[]): Log {
  const write = (event: string, fields: LogFields = {}) => {
    lines.push([event, fields]);
  };
  return { debug: write, info: write, warn: write, error: write };
}
