/** Test events on the wire, for both APIs. */

import { EVENT_TYPE_CHARACTERS_MAX, EVENT_TYPE_PATTERN } from "@trulinks/protocol";
import { type Static, Type } from "typebox";
import type { Tested, Untestable } from "../../webhooks/test-event.ts";
import { flaw, Refusal } from "../problem.ts";
import { closed } from "../schemas.ts";

export const TestBody = closed({
  type: Type.String({
    pattern: EVENT_TYPE_PATTERN,
    maxLength: EVENT_TYPE_CHARACTERS_MAX,
    description: "A registered event type that has an example",
  }),
});

export const TestShape = closed(
  {
    id: Type.String({ description: "The id of the test event" }),
    delivery: Type.String({ description: "Shows what becomes of it: `GET …/deliveries/{delivery}`" }),
  },
  { $id: "Test" },
);

/** The test event that is under way, or the refusal that says why there is none. */
export function testShape(tested: Tested): Static<typeof TestShape> {
  switch (tested.kind) {
    case "sent":
      return { id: tested.eventId, delivery: tested.deliveryId };
    case "unknown-hook":
      throw new Refusal("not-found");
    case "unknown-type": {
      const message = `There is no such event type.${tested.near === null ? "" : ` Did you mean ${tested.near}?`}`;
      const unknown = {
        resource: "Test",
        field: "type",
        code: "missing",
        message,
        pointer: "/type",
      } as const;
      throw new Refusal("unknown-event-type", { errors: [unknown] });
    }
    default:
      throw flaw({ resource: "Test", field: "type", code: "unprocessable", message: REASONS[tested.kind] });
  }
}

const REASONS = {
  pending:
    "The hook is pending: its receiver has not answered a ping yet, and is sent nothing else. Ping it first (`POST …/pings`).",
  disabled: "The hook is disabled, since its receiver answered 410 Gone. Make it active first.",
  "no-example":
    "The event type has no example. Its provider adds one: `examples: [{ … }]` in `PUT /v1/event-types/{type}`.",
  "bad-example":
    "The event type's first example is not what its own schema says. Its provider mends it with `PUT /v1/event-types/{type}`.",
  "not-wanted": "The type is none of the hook's `events`. Add it there, or a pattern that it matches.",
  filtered: "The type's example does not fit the hook's `filter`, so the hook would not get such an event.",
  "scopes-lacking":
    "No grant of the app has one of the scopes that the type takes (`scopes` of the event type), so the hook would not get such an event.",
} as const satisfies Record<Exclude<Untestable["kind"], "unknown-hook" | "unknown-type">, string>;
