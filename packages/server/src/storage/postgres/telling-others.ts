/** The ports, telling other nodes of what they had better know. */
import type { AccountStore } from "../../accounts/store.ts";
import type { HealthStore } from "../../webhooks/health-store.ts";
import type { RecordStore } from "../../webhooks/record-store.ts";
import type { ReplayStore } from "../../webhooks/replay-store.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import type { Notice } from "./notices.ts";

type Tell = (notice: Notice) => void;

export function tellingOfAccounts(store: AccountStore, tell: Tell): AccountStore {
  const changed = after(() => tell("changed"));
  return {
    ...store,
    deleteUser: changed(store.deleteUser),
    deleteApp: changed(store.deleteApp),
    revokeGrant: changed(store.revokeGrant),
  };
}

export function tellingOfWebhooks(store: WebhookStore, tell: Tell): WebhookStore {
  const changed = after(() => tell("changed"));
  return {
    ...store,
    async ingest(events, claim) {
      const answers = await store.ingest(events, claim);
      const isLeft = answers.some(
        (answer) => answer.kind === "accepted" && answer.claims.length < answer.receipt.deliveries,
      );
      if (isLeft) tell("due");
      return answers;
    },
    createHook: after(() => tell("due"))(store.createHook),
    ping: after(() => tell("due"))(store.ping),
    changeHook: changed(store.changeHook),
    deleteHook: changed(store.deleteHook),
    rotateSecret: changed(store.rotateSecret),
    rotateUserSecret: changed(store.rotateUserSecret),
  };
}

/** Who asks for one may have no sender; what a replay makes due the node itself sends. */
export function tellingOfReplays(store: ReplayStore, tell: Tell): ReplayStore {
  return { ...store, redeliver: after(() => tell("due"))(store.redeliver) };
}

/** That a hook fails, or is sound again, others read where they need it. */
export function tellingOfHealth(store: HealthStore, tell: Tell): HealthStore {
  return {
    ...store,
    async noteSound(note) {
      const noted = await store.noteSound(note);
      if (noted === "resumed") tell("changed");
      return noted;
    },
    takeStep: after(() => tell("changed"))(store.takeStep),
  };
}

export function tellingOfRecord(store: RecordStore, tell: Tell): RecordStore {
  return { ...store, startErasure: after(() => tell("changed"))(store.startErasure) };
}

/** Of a verb that may have done nothing, too, a notice does no harm. */
function after(tell: () => void) {
  return <Args extends readonly unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const result = await verb(...args);
      tell();
      return result;
    };
}
