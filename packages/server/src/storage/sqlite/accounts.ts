import type { AccountStore } from "../../accounts/store.ts";
import { createApps } from "./apps.ts";
import type { Database } from "./database.ts";
import { endApp, endGrant, endUser } from "./endings.ts";
import { createGrants } from "./grants.ts";
import { createGroups } from "./groups.ts";
import { createTokens } from "./tokens.ts";
import { createUsers } from "./users.ts";
import type { Sync } from "./verbs.ts";

export function createAccounts(database: Database): Sync<AccountStore> {
  return {
    ...createUsers(database),
    ...createApps(database),
    ...createGrants(database),
    ...createTokens(database),
    ...createGroups(database),
    deleteUser: (id, nowMs) => endUser(database, id, nowMs),
    deleteApp: (id, nowMs) => endApp(database, id, nowMs),
    revokeGrant: (id, nowMs) => endGrant(database, id, nowMs),
  };
}
