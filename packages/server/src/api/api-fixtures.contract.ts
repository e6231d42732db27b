/** Both APIs over an in-memory store, without sockets. Every answer is held against the OpenAPI document. */
import assert from "node:assert/strict";
import { POLICY_DEFAULT } from "@trulinks/protocol";
import type { InjectOptions } from "fastify";
import Schema from "typebox/schema";
import { quotaKey } from "../accounts/caller.ts";
import { createIdentify } from "../accounts/identify.ts";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createLog, type Log, type LogFields } from "../base/log.ts";
import { Secret } from "../base/secret.ts";
import { createQuotas } from "../gateway/quotas.ts";
import { rateLimitStatus } from "../gateway/rate-limit-status.ts";
import { createStandings } from "../governance/standings.ts";
import { createVault, SECRET_KEY_BYTES } from "../secrets/vault.ts";
import { openSqliteInProcess } from "../storage/sqlite/open.ts";
import type { Storage } from "../storage/storage.ts";
import { createAddressPolicy } from "../webhooks/addresses.ts";
import { createFindAnswered } from "../webhooks/answered-before.ts";
import { createCatalogues } from "../webhooks/catalogue.ts";
import { createErasures } from "../webhooks/erasures.ts";
import { createFeeds } from "../webhooks/feed.ts";
import { createFeedWaiting } from "../webhooks/feed-waiting.ts";
import { createHooks } from "../webhooks/hooks.ts";
import { createPublish } from "../webhooks/publish.ts";
import { createReplays } from "../webhooks/replays.ts";
import { createTestEvents } from "../webhooks/test-event.ts";
import { buildIntegratorApi, type IntegratorDeps } from "./integrator/app.ts";
import type { Api } from "./manners.ts";
import { buildProviderApi, type ProviderDeps } from "./provider/app.ts";

export const OPERATOR_KEY = "operator-key-0123456789abcdef";
export const OPERATOR = `Bearer ${OPERATOR_KEY}`;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Sent {
  readonly method: Method;
  readonly path: string;
  /** The `Authorization` header; null for none. */
  readonly as: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of many shapes, which the document's schemas check.
  readonly json: any;
}

export interface Apis {
  readonly storage: Storage;
  readonly provider: Api;
  readonly integrator: Api;
  readonly lines: { readonly event: string; readonly fields: LogFields }[];
  /** Asks the provider's listener. */
  ask(sent: Omit<Sent, "as"> & { readonly as?: string | null }): Promise<Answer>;
  /** Asks the public listener. */
  askPublic(sent: Sent): Promise<Answer>;
  close(): Promise<void>;
}

export interface ApisOptions {
  readonly clock?: Clock;
  readonly provider?: Partial<ProviderDeps>;
  readonly integrator?: Partial<IntegratorDeps>;
}

export async function openApis(options: ApisOptions = {}): Promise<Apis> {
  const clock = options.clock ?? systemClock;
  const lines: { event: string; fields: LogFields }[] = [];
  const log = createLog({ level: "silent", observer: (event, fields) => lines.push({ event, fields }) });
  const { storage, shared, publish, findAnswered } = openPlatform(clock, log);
  const standings = createStandings({ store: storage.standings, clock, log });
  const provider = await buildProviderApi({
    ...shared,
    standings: storage.standings,
    refreshStandings: standings.refresh,
    operatorKey: new Secret(OPERATOR_KEY),
    publish,
    erasures: createErasures({ store: storage.record, clock, log, recall: () => {} }),
    findAnswered,
    ping: () => storage.ping(),
    metrics: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", text: "up 1\n" }),
    ...options.provider,
  });
  const quotas = createQuotas(POLICY_DEFAULT, quotaKey);
  const integrator = await buildIntegratorApi({
    ...shared,
    prefix: "/integrations",
    aliases: true,
    identify: createIdentify({ store: storage.accounts, clock }),
    clientAddress: () => "127.0.0.1",
    rateLimitStatus: (caller, address) =>
      rateLimitStatus(
        { quotas, clock, standingOf: (asker, from) => standings.of({ ...asker, address: from }) },
        caller,
        address,
      ),
    deliveryAddresses: [],
    signingKey: null,
    ...options.integrator,
  });
  const checkProvider = createCheck(provider);
  const checkIntegrator = createCheck(integrator);
  return {
    storage,
    provider,
    integrator,
    lines,
    ask: async (sent) => checkProvider(sent, await inject(provider, { as: OPERATOR, ...sent })),
    askPublic: async (sent) => checkIntegrator(sent, await inject(integrator, sent)),
    async close() {
      await provider.close();
      await integrator.close();
      await storage.close();
    },
  };
}

function openPlatform(clock: Clock, log: Log) {
  const dice = systemDice;
  const storage = openSqliteInProcess({ file: ":memory:", dice });
  const vault = createVault(dice.bytes(SECRET_KEY_BYTES), dice);
  const policy = () => POLICY_DEFAULT;
  // Nothing is sent here: what is due stays in the store, where a sender would find it.
  const intake = {
    room: () => ({ countMax: 0, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] }),
    take: () => {},
  };
  const { accounts, webhooks, backlog, eventTypes, idempotency } = storage;
  const catalogues = createCatalogues({ store: eventTypes, clock });
  const keyring = { vault, masterKey: dice.bytes(SECRET_KEY_BYTES) };
  const hooks = createHooks({
    store: webhooks,
    keyring,
    clock,
    dice,
    log,
    addresses: createAddressPolicy([]),
    policy: () => POLICY_DEFAULT.webhooks,
    wake: () => {},
    recall: () => {},
  });
  const replays = createReplays({
    store: storage.replays,
    wakeReplayer: () => {},
    wakeSender: () => {},
    ...{ clock, dice, log },
  });
  const waiting = createFeedWaiting({ store: storage.feed, clock });
  const publish = createPublish({ store: webhooks, intake, clock, dice, log, onStored: waiting.told });
  const findAnswered = createFindAnswered({ store: webhooks, clock, dice });
  const feeds = createFeeds({
    store: storage.feed,
    catalogue: catalogues.current,
    wake: () => {},
    ...{ waiting, keyring, clock, log },
  });
  const testEvents = createTestEvents({
    store: webhooks,
    catalogue: catalogues.current,
    scopesOf: async (appId) =>
      (await accounts.listGrants({ appId }, { after: null, countMax: 200 })).items.map(
        ({ scopes }) => scopes,
      ),
    wake: () => {},
    ...{ clock, dice },
  });
  const shared = {
    version: "0.0.0",
    clock,
    dice,
    log,
    idempotency,
    vault,
    accounts,
    webhooks,
    backlog,
    eventTypes,
    catalogues,
    hooks,
    replays,
    replayRecords: storage.replays,
    feeds,
    testEvents,
    policy,
    isSpaceShort: () => false,
  };
  return { storage, shared, publish, findAnswered };
}

async function inject(api: Api, { method, path, as, body, headers }: Sent): Promise<Answer> {
  const isRaw = typeof body === "string" || Buffer.isBuffer(body);
  const answer = await api.inject({
    method,
    url: path,
    headers: {
      ...(as === null ? {} : { authorization: as }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
  } as InjectOptions);
  const isJson = /json/.test(String(answer.headers["content-type"]));
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.body,
    json: isJson && answer.body !== "" ? JSON.parse(answer.body) : null,
  };
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

/** Holds an answer against what the document promises: its status, its media type and its shape. */
function createCheck(api: Api): (sent: { method: Method; path: string }, answer: Answer) => Answer {
  const document = JSON.parse(
    JSON.stringify(api.swagger()).replaceAll("#/components/schemas/", "schema:"),
  ) as {
    readonly components: { readonly schemas: Readonly<Record<string, object>> };
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const context = Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => [`schema:${name}`, schema]),
  );
  return (sent, answer) => {
    const operation = findOperation(document.paths, sent);
    if (operation === null) return answer;
    const at = `${sent.method} ${sent.path} → ${answer.status} ${answer.text}`;
    const promised = operation.responses[String(answer.status)];
    assert.ok(promised, `The document knows no such answer: ${at}`);
    const mediaType = String(answer.headers["content-type"] ?? "").split(";")[0] ?? "";
    const schema = promised.content?.[mediaType]?.schema;
    assert.ok(
      schema ?? promised.content === undefined,
      `The document knows no answer of type ${mediaType}: ${at}`,
    );
    if (schema && answer.json !== null) {
      const [isGood, errors] = Schema.Errors(context, schema, answer.json);
      assert.ok(isGood, `Not as the document says: ${at}\n${JSON.stringify(errors)}`);
    }
    return answer;
  };
}

function findOperation(
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>,
  { method, path }: { readonly method: Method; readonly path: string },
): Operation | null {
  const [target = ""] = path.split("?");
  const exact = paths[target] ? [target] : Object.keys(paths);
  const found = exact.find((pattern) =>
    new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll(/\{[a-z]+\}/g, "[^/]+")}$`).test(target),
  );
  return (found === undefined ? null : paths[found]?.[method.toLowerCase()]) ?? null;
}
