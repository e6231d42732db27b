import type { AccountStore } from "../../accounts/store.ts";
import type { Dice } from "../../base/dice.ts";
import { createApps } from "./apps.ts";
import type { Database } from "./database.ts";
import { endApp, endGrant, endUser } from "./endings.ts";
import { createGrants } from "./grants.ts";
import { createGroups } from "./groups.ts";
import { beginErasure } from "./record.ts";
import { createTokens } from "./tokens.ts";
import { createUsers } from "./users.ts";

export function createAccounts(database: Database, dice: Pick<Dice, "bytes">): AccountStore {
  return {
    ...createUsers(database),
    ...createApps(database),
    ...createGrants(database),
    ...createTokens(database),
    ...createGroups(database),
    deleteUser: (id, nowMs) =>
      database.transact(async (transaction) => {
        const ended = await endUser(transaction, id, nowMs);
        if (ended !== null) await beginErasure(transaction, dice, { userId: id, nowMs });
        return ended;
      }),
    deleteApp: (id, nowMs) => database.transact((transaction) => endApp(transaction, id, nowMs)),
    revokeGrant: (id, nowMs) => database.transact((transaction) => endGrant(transaction, id, nowMs)),
  };
}
