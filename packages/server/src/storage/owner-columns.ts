/** Whose a hook or a delivery is, as two columns of which exactly one is set. */
import type { AppId, UserId } from "@trulinks/protocol";
import type { HookOwner } from "../webhooks/hook.ts";

export interface OwnerColumns {
  readonly owner_user_id: UserId | null;
  readonly owner_app_id: AppId | null;
}

export function toOwner({ owner_user_id, owner_app_id }: OwnerColumns): HookOwner {
  if (owner_user_id !== null) return { kind: "user", userId: owner_user_id };
  // The schema has a CHECK that exactly one of the two is set.
  return { kind: "app", appId: owner_app_id as AppId };
}

export function ownerColumns(owner: HookOwner): OwnerColumns {
  return owner.kind === "user"
    ? { owner_user_id: owner.userId, owner_app_id: null }
    : { owner_user_id: null, owner_app_id: owner.appId };
}
