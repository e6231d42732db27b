/** The catch-up feed on the wire, for both APIs. */
import { HEADERS } from "@trulinks/protocol";
import { type Static, Type } from "typebox";
import {
  FEED_COUNT_DEFAULT,
  FEED_COUNT_MAX,
  FEED_WAIT_S_MAX,
  type FeedItem,
  type FeedRead,
  type Settled,
} from "../../webhooks/feed.ts";
import { TOMBSTONE_STATES } from "../../webhooks/feed-item.ts";
import { FEED_WAITING_PER_OWNER_MAX } from "../../webhooks/feed-waiting.ts";
import { flaw, Refusal } from "../problem.ts";
import { closed } from "../schemas.ts";

const Sequence = Type.Integer({ description: "A number per hook without holes" });

const MessageShape = closed(
  {
    sequence: Sequence,
    headers: Type.Record(Type.String(), Type.String(), {
      description:
        "As a POST made now would have them: signed for this reading, with the time of it. `TruLinks-Attempt` is the number that such an attempt would have; reading is none",
    }),
    body: Type.String({ description: "The exact bytes that are signed, in base64" }),
  },
  { description: "A delivery: waiting, delivered, or failed" },
);

const TombstoneShape = closed(
  { sequence: Sequence, state: Type.Enum([...TOMBSTONE_STATES]) },
  { description: "A delivery of which nothing can be given" },
);

export const FeedShape = closed(
  {
    data: Type.Array(Type.Union([MessageShape, TombstoneShape]), {
      description: "In the order of their numbers, each number once, none left out",
    }),
    next: Type.Integer({ description: "`after` of the next reading; always there, as a feed has no end" }),
    newest: Type.Integer({ description: "The number of the hook's newest delivery; 0 before the first" }),
  },
  { $id: "Feed", description: "A page of a hook's catch-up feed" },
);

export const AcknowledgedShape = closed(
  {
    through: Type.Integer(),
    settled: Type.Integer({ description: "How many were waiting, and are `delivered` now" }),
  },
  { $id: "Acknowledged" },
);

export const FEED_QUERY = closed({
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        "What comes after this number: `next` of the page before; from the oldest that is kept if left out",
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: FEED_COUNT_MAX,
      description: `How many at most; ${FEED_COUNT_DEFAULT} if left out. A page has fewer where their data is more than 4 MiB`,
    }),
  ),
  wait_s: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: FEED_WAIT_S_MAX,
      description: "How long to wait for something where there is nothing to read; 0 if left out",
    }),
  ),
});

export const AcknowledgementBody = closed({
  through: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "The number up to which everything has been worked through",
  }),
});

/** The page, or the refusal that says why there is none. */
export function feedShape(read: FeedRead): Static<typeof FeedShape> {
  switch (read.kind) {
    case "items":
      return { data: read.items.map(itemShape), next: read.next, newest: read.newest };
    case "behind": {
      const { oldest } = read;
      const detail = `What was asked for is no longer kept: the first number that can be read is ${oldest}.`;
      throw new Refusal("behind-retention", { detail, members: { oldest } });
    }
    case "unknown-hook":
      throw new Refusal("not-found");
    case "too-many-of-owner":
      throw tooManyWaiting(`${FEED_WAITING_PER_OWNER_MAX} readers of this owner's hooks wait already.`);
    case "too-many": {
      const detail = "As many readers of feeds wait as the platform has room for.";
      throw new Refusal("unavailable", { detail, headers: RETRY_SOON });
    }
    default:
      return read satisfies never;
  }
}

const RETRY_SOON = { [HEADERS.retryAfter]: "5" };

function tooManyWaiting(detail: string): Refusal {
  return new Refusal("too-many-waiting", { detail, headers: RETRY_SOON });
}

function itemShape(item: FeedItem): Static<typeof FeedShape>["data"][number] {
  const { sequence } = item;
  if (item.kind === "tombstone") return { sequence, state: item.state };
  const { headers, body } = item.message;
  return { sequence, headers: Object.fromEntries(headers), body: Buffer.from(body).toString("base64") };
}

export function acknowledgedShape(settled: Settled, through: number): Static<typeof AcknowledgedShape> {
  switch (settled.kind) {
    case "settled":
      return { through, settled: settled.settled };
    case "beyond": {
      const { newest } = settled;
      const message = `through must be at most ${newest}, the number of the hook's newest delivery.`;
      const beyond = flaw({ resource: "Feed", field: "through", code: "invalid", message });
      throw new Refusal(beyond.code, { ...beyond.options, members: { newest } });
    }
    case "unknown-hook":
      throw new Refusal("not-found");
    default:
      return settled satisfies never;
  }
}
