import type { AccountStore } from "../../accounts/store.ts";
import { createApps } from "./apps.ts";
import { endApp, endGrant, endUser } from "./endings.ts";
import { createGrants } from "./grants.ts";
import { createGroups } from "./groups.ts";
import type { Ground } from "./memory.ts";
import { beginErasure } from "./record.ts";
import { createTokens } from "./tokens.ts";
import { createUsers } from "./users.ts";
import type { Sync } from "./verbs.ts";

export function createAccounts(ground: Ground): Sync<AccountStore> {
  return {
    ...createUsers(ground),
    ...createApps(ground.database),
    ...createGrants(ground),
    ...createTokens(ground),
    ...createGroups(ground.database),
    deleteUser(id, nowMs) {
      const ended = endUser(ground, id, nowMs);
      if (ended !== null) beginErasure(ground, id, nowMs);
      return ended;
    },
    deleteApp: (id, nowMs) => endApp(ground, id, nowMs),
    revokeGrant: (id, nowMs) => endGrant(ground, id, nowMs),
  };
}
