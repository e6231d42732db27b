/** Hooks as both listeners show them: with what waits for each. */
import assert from "node:assert/strict";
import type { Static } from "typebox";
import type { BacklogStore } from "../webhooks/backlog-store.ts";
import type { Hook } from "../webhooks/hook.ts";
import { type HookShape, hookShape } from "./resources/hook.ts";
import { BACKLOG_COUNT_MAX, BACKLOG_LISTED_COUNT_MAX } from "./resources/hook-backlog.ts";

type Backlogs = Pick<BacklogStore, "findBacklogs">;
type Shown = Static<typeof HookShape>;

export async function showHook(backlogs: Backlogs, hook: Hook): Promise<Shown> {
  const [backlog] = await backlogs.findBacklogs([hook.id], BACKLOG_COUNT_MAX);
  assert(backlog, "the store answers for every hook");
  return hookShape(hook, backlog);
}

/** Asks for the backlogs of all of them at once. */
export async function showHooks(backlogs: Backlogs, hooks: readonly Hook[]): Promise<(hook: Hook) => Shown> {
  const found = await backlogs.findBacklogs(
    hooks.map(({ id }) => id),
    BACKLOG_LISTED_COUNT_MAX,
  );
  const backlogOf = new Map(found.map((backlog) => [backlog.hookId, backlog]));
  return (hook) => {
    const backlog = backlogOf.get(hook.id);
    assert(backlog, "the store answers for every hook");
    return hookShape(hook, backlog);
  };
}
