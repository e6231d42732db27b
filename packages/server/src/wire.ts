/** The composition root: with the files in `wire/`, the only one that knows everyone. Opens what is needed, in order. */
import { createLifecycle } from "./base/lifecycle.ts";
import type { World } from "./base/world.ts";
import type { Keys } from "./config/keys.ts";
import type { Options } from "./config/options.ts";
import type { Sources } from "./config/rules.ts";
import { VERSION } from "./version.ts";
import { openGround } from "./wire/ground.ts";
import { createListeners } from "./wire/listeners.ts";
import { createWayIn } from "./wire/way-in.ts";
import { createWayOut } from "./wire/way-out.ts";

/** The platform, up and answering. */
export interface Platform {
  readonly publicUrl: string;
  readonly providerUrl: string;
  readonly keys: Keys;
  /** Reads the files that may change while everything runs; they are watched besides. */
  reload(): void;
  /** Takes nothing new, finishes what is under way, and closes everything, last first. */
  stop(): Promise<void>;
}

/** Starts everything or, if something fails, nothing: what was opened by then is closed again. */
export async function wire(options: Options, sources: Sources, world: World): Promise<Platform> {
  await using opening = new AsyncDisposableStack();
  const ground = await openGround(opening, options, sources, world);
  const wayOut = createWayOut(opening, ground);
  const wayIn = createWayIn(opening, ground);
  const listeners = await createListeners(ground, wayOut, wayIn);

  const lifecycle = createLifecycle(world.log);
  const { parts } = ground.certificates;
  const { integrators, provider } = listeners;
  await lifecycle.start([
    ...parts,
    ground.policy.part,
    ground.space,
    wayIn.standings,
    wayOut.sweeper,
    wayOut.keeper,
    wayOut.healthKeeper,
    wayOut.replayer,
    wayOut.erasures,
    wayOut.sender,
    ...(wayOut.others === null ? [] : [wayOut.others]),
    integrators,
    provider,
    // Stopped first: who waits is answered, and the listeners can close.
    wayOut.waiting,
  ]);
  const opened = opening.move();
  const [publicUrl, providerUrl] = [integrators.url(), provider.url()];
  world.log.info("platform.started", { public: publicUrl, provider: providerUrl, version: VERSION });
  return {
    publicUrl,
    providerUrl,
    keys: ground.keys,
    reload: ground.policy.look,
    async stop() {
      await lifecycle.stop();
      await opened.disposeAsync();
      world.log.info("platform.stopped");
    },
  };
}
