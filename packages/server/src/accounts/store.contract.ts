/** The promises of `store.ts`, tried on an engine: users, apps and groups here, the rest beside it. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import { pagesOf } from "../base/pages-of.contract.ts";
import { endings } from "./store-endings.contract.ts";
import {
  ANN,
  appId,
  appNamed,
  BOB,
  GREETER,
  groupId,
  hashOf,
  makePeople,
  NO_APP,
  NOBODY,
  type OpenedStorage,
  type Promised,
  promisedOf,
  START_MS,
  userId,
  userNamed,
} from "./store-fixtures.contract.ts";
import { grants } from "./store-grants.contract.ts";
import { reach } from "./store-reach.contract.ts";
import { tokens } from "./store-tokens.contract.ts";

/** `open` gives an empty storage each time. */
export function accountStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  const promised = promisedOf(open);
  describe(`accounts' store on ${name}`, () => {
    describe("users", () => users(promised));
    describe("apps", () => apps(promised));
    describe("groups", () => groups(promised));
    describe("whom a group reaches", () => reach(promised));
    describe("grants", () => grants(promised));
    describe("tokens", () => tokens(promised));
    describe("what ends with a grant, a user or an app", () => endings(promised));
  });
}

// As a page is asked for by the last id seen, the order must be the same everywhere: that of the characters' codes.
const IDS_IN_ORDER = ["-", ".", "0", "10", "9", ":", "A", "Z", "_", "a", "aa", "usr_1", "z"];

function users(promised: Promised): void {
  promised("a user that was made is found with every member", async ({ accounts }) => {
    const user = {
      id: ANN,
      name: "Ann Ω 'quoted' \\ \u{1f600}",
      email: "ann@example.com",
      createdAtMs: START_MS,
    };
    assert.deepEqual(await accounts.createUser(user), user);
    assert.deepEqual(await accounts.findUser(ANN), user);
    assert.equal(await accounts.findUser(NOBODY), null);
  });

  promised("an id that exists is not made again, and nothing changes", async ({ accounts }) => {
    const first = userNamed(ANN, "first");
    await accounts.createUser(first);
    assert.equal(await accounts.createUser(userNamed(ANN, "second")), null);
    assert.deepEqual(await accounts.findUser(ANN), first);
  });

  promised("of two who make the same user at once, one does", async ({ accounts }) => {
    const made = await Promise.all([1, 2].map((n) => accounts.createUser(userNamed(ANN, `${n}`))));
    assert.equal(made.filter((user) => user !== null).length, 1);
    assert.deepEqual(
      await accounts.findUser(ANN),
      made.find((user) => user !== null),
    );
  });

  promised(
    "putting makes a user, then replaces name and e-mail and keeps when it was made",
    async ({ accounts }) => {
      const first = { ...userNamed(ANN, "first"), email: "ann@example.com" };
      assert.deepEqual(await accounts.putUser(first), { created: true, user: first });
      const second = { id: ANN, name: null, email: "new@example.com", createdAtMs: START_MS + 5 };
      const kept = { ...second, createdAtMs: START_MS };
      assert.deepEqual(await accounts.putUser(second), { created: false, user: kept });
      assert.deepEqual(await accounts.findUser(ANN), kept);
    },
  );

  promised("users are listed by id in the order of character codes, page by page", async ({ accounts }) => {
    for (const id of IDS_IN_ORDER.toReversed()) await accounts.createUser(userNamed(userId(id)));
    const pages = await pagesOf(5, (page) => accounts.listUsers(page));
    assert.deepEqual(
      pages.map((page) => page.length),
      [5, 5, 3],
    );
    assert.deepEqual(
      pages.flat().map((user) => user.id),
      IDS_IN_ORDER,
    );
  });

  promised("a page that is exactly full and the last has no next", async ({ accounts }) => {
    for (const id of ["a", "b", "c"]) await accounts.createUser(userNamed(userId(id)));
    assert.equal((await accounts.listUsers({ after: null, countMax: 3 })).next, null);
    assert.equal((await accounts.listUsers({ after: null, countMax: 2 })).next, "b");
    assert.deepEqual(await accounts.listUsers({ after: "c", countMax: 2 }), { items: [], next: null });
  });
}

function apps(promised: Promised): void {
  promised("an app that was made is found by id and by client id", async ({ accounts }) => {
    await accounts.createUser(userNamed(ANN));
    const app = { ...appNamed(GREETER, ANN), contact: "ann@example.com" };
    assert.deepEqual(await accounts.createApp(app, hashOf(7)), app);
    assert.deepEqual(await accounts.findApp(GREETER), app);
    const found = await accounts.findAppByClientId(app.clientId);
    assert.deepEqual(found?.app, app);
    assert.deepEqual(Buffer.from(found.secretHash), Buffer.from(hashOf(7)));
    assert.equal(await accounts.findApp(NO_APP), null);
    assert.equal(await accounts.findAppByClientId("client-none"), null);
  });

  promised("an owner who is no user is refused, and no app is made", async ({ accounts }) => {
    assert.equal(await accounts.createApp(appNamed(GREETER, NOBODY), hashOf(7)), "unknown-user");
    assert.equal(await accounts.findApp(GREETER), null);
  });

  promised("apps are listed by id, page by page", async ({ accounts }) => {
    for (const id of IDS_IN_ORDER.toReversed()) await accounts.createApp(appNamed(appId(id)), hashOf(7));
    const pages = await pagesOf(4, (page) => accounts.listApps(page));
    assert.deepEqual(
      pages.flat().map((app) => app.id),
      IDS_IN_ORDER,
    );
  });

  promised("a change keeps what it leaves out, and null empties a contact", async ({ accounts }) => {
    const app = { ...appNamed(GREETER), contact: "ann@example.com" };
    await accounts.createApp(app, hashOf(7));
    assert.deepEqual(await accounts.changeApp(GREETER, {}), app);
    assert.deepEqual(await accounts.changeApp(GREETER, { name: "new" }), { ...app, name: "new" });
    assert.deepEqual(await accounts.changeApp(GREETER, { contact: null }), {
      ...app,
      name: "new",
      contact: null,
    });
    assert.deepEqual(await accounts.findApp(GREETER), { ...app, name: "new", contact: null });
    assert.equal(await accounts.changeApp(NO_APP, { name: "new" }), null);
  });

  promised("a replaced client secret is worth nothing", async ({ accounts }) => {
    const app = appNamed(GREETER);
    await accounts.createApp(app, hashOf(7));
    assert.equal(await accounts.replaceClientSecret(GREETER, hashOf(8)), true);
    const found = await accounts.findAppByClientId(app.clientId);
    assert.deepEqual(Buffer.from(found?.secretHash ?? []), Buffer.from(hashOf(8)));
    assert.equal(await accounts.replaceClientSecret(NO_APP, hashOf(8)), false);
  });
}

function groups(promised: Promised): void {
  const repo = groupId("repo:42");

  promised("a group exists while it has a user", async (storage) => {
    const { accounts } = storage;
    await makePeople(storage);
    assert.equal(await accounts.findGroup(repo), null);
    assert.equal(await accounts.addToGroup(repo, ANN), "added");
    assert.equal(await accounts.addToGroup(repo, ANN), "added");
    assert.deepEqual(await accounts.findGroup(repo), { id: repo, usersCount: 1 });
    await accounts.removeFromGroup(repo, BOB);
    assert.deepEqual(await accounts.findGroup(repo), { id: repo, usersCount: 1 });
    await accounts.removeFromGroup(repo, ANN);
    assert.equal(await accounts.findGroup(repo), null);
    assert.deepEqual(await accounts.listGroups({ after: null, countMax: 10 }), { items: [], next: null });
  });

  promised("who is no user is in no group", async ({ accounts }) => {
    assert.equal(await accounts.addToGroup(repo, NOBODY), "unknown-user");
    assert.equal(await accounts.findGroup(repo), null);
  });

  promised("groups are listed by id, each with how many users it has", async (storage) => {
    const { accounts } = storage;
    await makePeople(storage);
    for (const id of IDS_IN_ORDER) await accounts.addToGroup(groupId(id), ANN);
    await accounts.addToGroup(groupId("A"), BOB);
    const pages = await pagesOf(4, (page) => accounts.listGroups(page));
    assert.deepEqual(
      pages.flat(),
      IDS_IN_ORDER.map((id) => ({ id, usersCount: id === "A" ? 2 : 1 })),
    );
  });

  promised("a group's users are listed by id, and nobody else", async (storage) => {
    const { accounts } = storage;
    for (const id of IDS_IN_ORDER) {
      await accounts.createUser(userNamed(userId(id)));
      await accounts.addToGroup(repo, userId(id));
    }
    await accounts.createUser(userNamed(NOBODY));
    const pages = await pagesOf(6, (page) => accounts.listGroupUsers(repo, page));
    assert.deepEqual(pages.flat(), IDS_IN_ORDER);
    const none = await accounts.listGroupUsers(groupId("repo:43"), { after: null, countMax: 10 });
    assert.deepEqual(none, { items: [], next: null });
  });

  promised("a deleted group is gone, its users stay", async (storage) => {
    const { accounts } = storage;
    await makePeople(storage);
    await accounts.addToGroup(repo, ANN);
    await accounts.addToGroup(groupId("repo:43"), ANN);
    assert.equal(await accounts.deleteGroup(repo), true);
    assert.equal(await accounts.deleteGroup(repo), false);
    assert.equal(await accounts.findGroup(repo), null);
    assert.ok(await accounts.findUser(ANN));
    assert.ok(await accounts.findGroup(groupId("repo:43")));
  });
}
