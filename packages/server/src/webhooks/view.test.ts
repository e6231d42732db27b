import assert from "node:assert/strict";
import { test } from "node:test";
import type { HookId, UserId } from "@trulinks/protocol";
import { MASKED_MAX } from "./fields.ts";
import { type Hook, SOUND } from "./hook.ts";
import { isSecured, type Matched, show, type View, viewOf, viewWhenSent } from "./view.ts";

const hook: Hook = {
  id: "hok_1" as HookId,
  owner: { kind: "user", userId: "alice" as UserId },
  url: "https://example.com/hooks",
  events: ["issue.*"],
  filter: [],
  include: null,
  secretPer: "hook",
  signature: "standard",
  verifyTls: true,
  ca: null,
  ackDeadlineMs: 10_000,
  retries: "default",
  inFlightMax: 8,
  serial: false,
  state: "active",
  health: SOUND,
  createdAtMs: 0,
};
const unsecured: Hook = { ...hook, verifyTls: false };

const data = {
  user: { email: "ada@example.com", name: "Ada", pay: 7 },
  watchers: [{ email: "a" }, { email: null }],
};
const event: Matched = {
  type: "issue.opened",
  data: () => data,
  sensitive: ["/user/email", "/watchers/*/email"],
  scopes: null,
  fieldScopes: [],
};
const unread: Matched = {
  ...event,
  data: () => assert.fail("the data was read"),
};

const WHOLE = { view: null };
const view = (parts: Partial<View>) => ({ view: { include: null, omit: [], mask: [], ...parts } });
const scoped: Matched = { ...event, scopes: ["issues:read", "issues:write"] };
const payScoped: Matched = { ...event, fieldScopes: [{ pointer: "/user/pay", scopes: ["pay:read"] }] };
const paid: Hook = { ...hook, filter: [{ pointer: "/user/pay", in: [7] }] };

const ofAda = (of: Hook): Hook => ({ ...of, filter: [{ pointer: "/user/email", in: ["ada@example.com"] }] });

type Case = readonly [promise: string, seen: ReturnType<typeof viewOf>, expected: ReturnType<typeof viewOf>];
const CASES: readonly Case[] = [
  [
    "a type that is none of its patterns is not for it",
    viewOf({ ...unread, type: "user.made" }, hook, null),
    null,
  ],
  ["a secured hook sees all of it, and nobody reads the data", viewOf(unread, hook, null), WHOLE],
  [
    "so does one that is not secured where nothing is sensitive",
    viewOf({ ...unread, sensitive: [] }, unsecured, null),
    WHOLE,
  ],
  [
    "sensitive values that are there are masked in one that is not secured",
    viewOf(event, unsecured, null),
    view({ mask: ["/user/email", "/watchers/0/email"] }),
  ],
  [
    "not those that are not sent",
    viewOf(event, { ...unsecured, include: ["/user"] }, null),
    view({ include: ["/user"], mask: ["/user/email"] }),
  ],
  [
    "nothing is masked where nothing sensitive is there",
    viewOf({ ...event, sensitive: ["/user/phone"] }, unsecured, null),
    WHOLE,
  ],
  [
    "chosen fields need no reading",
    viewOf(unread, { ...hook, include: ["/user/name"] }, null),
    view({ include: ["/user/name"] }),
  ],
  [
    "a filter that holds",
    viewOf(event, { ...hook, filter: [{ pointer: "/user/name", in: ["Ada"] }] }, null),
    WHOLE,
  ],
  [
    "a filter that does not",
    viewOf(event, { ...hook, filter: [{ pointer: "/user/name", in: ["Bob"] }] }, null),
    null,
  ],
  [
    "a filter looks at more than what is chosen",
    viewOf(event, { ...paid, include: ["/user/name"] }, null),
    view({ include: ["/user/name"] }),
  ],
  [
    "a grant with one of the scopes",
    viewOf({ ...unread, scopes: scoped.scopes }, hook, ["issues:write"]),
    WHOLE,
  ],
  ["a grant with none of them", viewOf(scoped, hook, ["issues", "pulls:read"]), null],
  ["a grant without scopes", viewOf(scoped, hook, []), null],
  ["a user's own hook is bound by no scopes", viewOf(scoped, hook, null), WHOLE],
  [
    "a field without its scope is left out",
    viewOf({ ...payScoped, data: unread.data }, hook, []),
    view({ omit: ["/user/pay"] }),
  ],
  ["a field with its scope is not", viewOf({ ...payScoped, data: unread.data }, hook, ["pay:read"]), WHOLE],
  ["nor in a user's own hook", viewOf({ ...payScoped, data: unread.data }, hook, null), WHOLE],
  [
    "a filter tells a hook that is not secured nothing of what it sees masked",
    viewOf(event, ofAda(unsecured), null),
    null,
  ],
  ["a secured hook may ask for it", viewOf(event, ofAda(hook), null), WHOLE],
  ["a filter does not tell what the grant may not see", viewOf(payScoped, paid, []), null],
  ["a filter on what it may see", viewOf(payScoped, paid, ["pay:read"]), WHOLE],
  [
    "what is left out is not masked",
    viewOf({ ...event, fieldScopes: [{ pointer: "/user/email", scopes: ["email"] }] }, unsecured, []),
    view({ omit: ["/user/email"], mask: ["/watchers/0/email"] }),
  ],
];
for (const [promise, seen, expected] of CASES) test(promise, () => assert.deepEqual(seen, expected));

const SECURED: readonly (readonly [url: string, verifyTls: boolean, isSecured: boolean])[] = [
  ["https://example.com", true, true],
  ["HTTPS://example.com", true, true],
  ["https://example.com", false, false],
  ["http://example.com", true, false],
  ["http://https:@example.com", true, false],
];
for (const [url, verifyTls, expected] of SECURED) {
  test(`${url}${verifyTls ? "" : " unverified"} is ${expected ? "" : "not "}secured`, () =>
    assert.equal(isSecured({ url, verifyTls }), expected));
}

test("a hook that is no longer secured sees nothing sensitive of what was stored for it before", () => {
  const stored: View = { include: ["/user"], omit: ["/user/pay"], mask: [] };
  const text = JSON.stringify(data);
  assert.equal(viewWhenSent(null, event.sensitive, hook), null);
  assert.equal(viewWhenSent(stored, event.sensitive, hook), stored);
  assert.equal(viewWhenSent(stored, [], unsecured), stored);
  assert.deepEqual(show(text, viewWhenSent(stored, event.sensitive, unsecured)), {
    data: '{"user":{"email":null,"name":"Ada"}}',
    masked: ["/user/email"],
  });
  assert.deepEqual(show(text, viewWhenSent(null, event.sensitive, unsecured)).masked, [
    "/user/email",
    "/watchers/0/email",
  ]);
});

test("what is sent is the same whether it is masked when it is stored or when it is sent", () => {
  const text = JSON.stringify(data);
  const stored = viewOf(event, unsecured, null)?.view ?? null;
  const whenStored = show(text, stored);
  assert.deepEqual(show(text, viewWhenSent(stored, event.sensitive, unsecured)), whenStored);
  assert.deepEqual(show(text, viewWhenSent(null, event.sensitive, unsecured)), whenStored);
});

test("without a view the text goes out to the letter", () => {
  const text = '{"n":1.50,"é":"\\u0000"}';
  assert.deepEqual(show(text, null), { data: text, masked: [] });
});

const many = (count: number) => ({
  lists: [{ people: Array.from({ length: count }, () => ({ email: "a", n: 1 })) }],
  email: "b",
});
const EDGES: readonly (readonly [promise: string, count: number, expected: number | readonly string[]])[] = [
  ["as many values as may be are masked one by one", MASKED_MAX - 1, MASKED_MAX],
  ["of one more, what holds them is masked", MASKED_MAX, ["/lists/0/people", "/email"]],
];
for (const [promise, count, expected] of EDGES) {
  test(promise, () => {
    const people = { ...event, data: () => many(count), sensitive: ["/email", "/lists/*/people/*/email"] };
    const seen = viewOf(people, unsecured, null)?.view ?? null;
    assert.deepEqual(typeof expected === "number" ? seen?.mask.length : seen?.mask, expected);
    const shown = show(JSON.stringify(many(count)), seen);
    assert.deepEqual(shown.masked, seen?.mask);
    assert.doesNotMatch(shown.data, /"email":"/);
    assert.deepEqual(
      show(JSON.stringify(many(count)), viewWhenSent(seen, people.sensitive, unsecured)),
      shown,
    );
  });
}

test("where everything holds too much, nothing is sent of it", () => {
  const flat = Object.fromEntries(Array.from({ length: MASKED_MAX + 1 }, (_, index) => [`m${index}`, 1]));
  const seen = viewOf(
    { ...event, data: () => flat, sensitive: Object.keys(flat).map((name) => `/${name}`) },
    unsecured,
    null,
  );
  assert.deepEqual(show(JSON.stringify(flat), seen?.view ?? null), { data: "null", masked: [""] });
});
