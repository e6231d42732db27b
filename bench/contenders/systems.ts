/** Whom the bench compares: ours on both engines, and what a user would write instead. */
import { randomBytes } from "node:crypto";
import type { LoadForm } from "../load/closed-loop.ts";
import type { Watched } from "../measure/processes.ts";
import { type PeerName, preparePeer } from "../peers/peer.ts";
import { type PlatformUnderTest, preparePlatform } from "./platform.ts";
import type { ServicesBeside } from "./services.ts";

export const FORMS: readonly LoadForm[] = [
  { name: "batches of 100", batch: 100, lanes: 8 },
  { name: "one event a request", batch: 1, lanes: 64 },
];

export interface System {
  readonly name: string;
  readonly kind: "us" | "peer";
  prepare(place: Place): Promise<SystemUnderTest>;
}

/** Where a system sends to: its users' hooks are `receiverUrl` and the numbers from `pathFirst` on. */
export interface Place {
  readonly receiverUrl: string;
  readonly pathFirst: number;
  readonly users: number;
  /** For ours: where the hook of a user leads instead, and further members of `POST /v1/hooks`. */
  readonly urlOf?: (index: number) => string;
  readonly hook?: Readonly<Record<string, unknown>>;
}

export interface SystemUnderTest {
  readonly port: number;
  readonly authorization: string;
  processes(): readonly Watched[];
  /** Ours, which can be asked what became of each delivery. */
  readonly platform: PlatformUnderTest | null;
  close(): Promise<void>;
}

export const SQLITE_NAME = "TruLinks on SQLite";
export const POSTGRES_NAME = "TruLinks on PostgreSQL";

export function ours({ postgres }: ServicesBeside): readonly System[] {
  const sqlite = platformSystem(SQLITE_NAME, async () => ({ env: {}, service: null }));
  if (postgres === null) return [sqlite];
  const beside = platformSystem(POSTGRES_NAME, async () => ({
    env: {
      TRULINKS_DATABASE_URL: await postgres.createDatabase(),
      TRULINKS_SECRET_KEY: randomBytes(32).toString("base64"),
    },
    service: postgres.watched,
  }));
  return [sqlite, beside];
}

export function peers({ postgres, redis }: ServicesBeside): readonly System[] {
  return [
    ...(redis === null
      ? []
      : [
          peerSystem("BullMQ, Redis and fetch", "bullmq", redis.watched, async () => ({
            serviceUrl: redis.url,
            prefix: redis.newPrefix(),
          })),
        ]),
    ...(postgres === null
      ? []
      : [
          peerSystem("pg-boss and fetch", "pg-boss", postgres.watched, async () => ({
            serviceUrl: await postgres.createDatabase(),
            prefix: "",
          })),
        ]),
  ];
}

function platformSystem(
  name: string,
  beside: () => Promise<{ readonly env: Readonly<Record<string, string>>; readonly service: Watched | null }>,
): System {
  return {
    name,
    kind: "us",
    async prepare({ receiverUrl, pathFirst, users, hook = {}, ...place }) {
      const urlOf = place.urlOf ?? ((index) => `${receiverUrl}/${pathFirst + index}`);
      const platform = await preparePlatform({ ...(await beside()), users, urlOf, hook });
      const { port, authorization, processes, close } = platform;
      return { port, authorization, processes, platform, close };
    },
  };
}

function peerSystem(
  name: string,
  peer: PeerName,
  service: Watched,
  beside: () => Promise<{ readonly serviceUrl: string; readonly prefix: string }>,
): System {
  return {
    name,
    kind: "peer",
    async prepare(place) {
      return { ...(await preparePeer(peer, { ...place, ...(await beside()) }, service)), platform: null };
    },
  };
}
