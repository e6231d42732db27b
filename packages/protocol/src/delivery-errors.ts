/** What is answered about hooks, and what becomes of deliveries to them; part of `ERRORS`. */
import type { ErrorEntry } from "./errors.ts";

export const DELIVERY_ERRORS = {
  "not-redeliverable": {
    status: 409,
    title: "Cannot be delivered again",
    remedy: "Mend what `detail` says stands in the way, and ask again.",
  },
  "replay-ended": {
    status: 409,
    title: "This replay has ended",
    remedy: "Begin another one (`POST …/replays`).",
  },
  "behind-retention": {
    status: 410,
    title: "No longer kept",
    remedy:
      "Read on from `oldest`, the first number that can be read: `after` is the number before it. What lies before has ended and is older than `webhooks.retention_days` of the policy.",
  },
  "payload-gone": {
    status: 410,
    title: "The payload is no longer kept",
    remedy:
      "Nothing brings it back; the policy says how long payloads are kept (`GET /integrations/policy`).",
  },
  "url-refused": {
    status: 422,
    title: "URL refused",
    remedy: "Use an https URL on a public address and port 443 or 1024 to 65535, without credentials.",
    guideline: "secure-transport",
  },
  "too-many-pings": {
    status: 429,
    title: "Pending hooks have been pinged too often",
    remedy:
      "Wait the seconds that `Retry-After` says. Until its receiver has answered, a hook is made, led elsewhere or pinged at most 100 times an hour for one owner.",
    guideline: "retry-after",
  },
  "too-many-waiting": {
    status: 429,
    title: "Too many readers wait",
    remedy: "Let fewer readers wait at once, one for each hook, or read with `wait_s=0`.",
    guideline: "retry-after",
  },
} as const satisfies Record<string, ErrorEntry>;
