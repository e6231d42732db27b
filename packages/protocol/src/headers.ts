/** Header names as they stand on the wire; comparisons elsewhere use lower case. */
export const HEADERS = {
  webhookId: "webhook-id",
  webhookTimestamp: "webhook-timestamp",
  webhookSignature: "webhook-signature",

  event: "TruLinks-Event",
  delivery: "TruLinks-Delivery",
  hook: "TruLinks-Hook",
  hookUser: "TruLinks-User",
  attempt: "TruLinks-Attempt",
  sequence: "TruLinks-Sequence",
  test: "TruLinks-Test",

  githubEvent: "X-GitHub-Event",
  githubDelivery: "X-GitHub-Delivery",
  githubSignature: "X-Hub-Signature-256",

  user: "TruLinks-User",
  app: "TruLinks-App",
  grant: "TruLinks-Grant",
  scopes: "TruLinks-Scopes",
  request: "TruLinks-Request",
  identity: "TruLinks-Identity",
  guideline: "TruLinks-Guideline",

  idempotencyKey: "Idempotency-Key",
  retryAfter: "Retry-After",
} as const;

/** The prefix under which only the platform may speak to an upstream; whatever arrives with it is stripped. */
export const PLATFORM_HEADER_PREFIX = "trulinks-";
