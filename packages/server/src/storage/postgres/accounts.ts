import type { AccountStore } from "../../accounts/store.ts";
import { createApps } from "./apps.ts";
import type { Database } from "./database.ts";
import { endApp, endGrant, endUser } from "./endings.ts";
import { createGrants } from "./grants.ts";
import { createGroups } from "./groups.ts";
import { createTokens } from "./tokens.ts";
import { createUsers } from "./users.ts";

export function createAccounts(database: Database): AccountStore {
  return {
    ...createUsers(database),
    ...createApps(database),
    ...createGrants(database),
    ...createTokens(database),
    ...createGroups(database),
    deleteUser: (id, nowMs) => database.transact((transaction) => endUser(transaction, id, nowMs)),
    deleteApp: (id, nowMs) => database.transact((transaction) => endApp(transaction, id, nowMs)),
    revokeGrant: (id, nowMs) => database.transact((transaction) => endGrant(transaction, id, nowMs)),
  };
}
