/** What both flows stand on, opened in order. */
import { bytesLeftAt, type FreeSpace, watchFreeSpace } from "../base/free-space.ts";
import { telling } from "../base/telling.ts";
import type { World } from "../base/world.ts";
import { openDataFolder } from "../config/data-folder.ts";
import { type Keys, loadKeys } from "../config/keys.ts";
import { type LivePolicy, openPolicy } from "../config/live-policy.ts";
import type { Options } from "../config/options.ts";
import { otlpOf } from "../config/otlp.ts";
import type { Sources } from "../config/rules.ts";
import { readText } from "../config/text-reader.ts";
import { type Certificates, startCertificates } from "../config/tls.ts";
import { openSecrets, type Secrets } from "../secrets/open.ts";
import { openStorage } from "../storage/open.ts";
import type { Storage } from "../storage/storage.ts";
import type { MeteredFact } from "../telemetry/meters.ts";
import { openTelemetry, type Telemetry } from "../telemetry/open.ts";
import { VERSION } from "../version.ts";

export interface Ground {
  readonly options: Options;
  readonly sources: Sources;
  readonly world: World;
  readonly keys: Keys;
  readonly policy: LivePolicy;
  readonly certificates: Certificates;
  readonly storage: Storage;
  readonly space: FreeSpace;
  readonly keyring: Secrets;
  readonly telemetry: Telemetry;
  /** To everyone who listens. */
  readonly tell: (fact: MeteredFact) => void;
}

export async function openGround(
  opening: AsyncDisposableStack,
  options: Options,
  sources: Sources,
  world: World,
): Promise<Ground> {
  const { clock, dice } = world;
  const policy = openPolicy({ file: options.policy, namedBy: sources.policy, read: readText, ...world });
  const certificates = startCertificates(options, sources, world);
  const telemetry = await openTelemetry({ otlp: otlpOf(options), version: VERSION, ...world });
  opening.defer(() => telemetry.close());
  const tell = telling([telemetry.meters.onFact], world.log);
  const folder = await openDataFolder(options.data, clock);
  opening.defer(() => folder.release());
  const keys = loadKeys({ options, folder: folder.path, dice });
  const databaseUrl = options.database.url?.reveal() ?? null;
  const storage = await openStorage({ dataFolder: folder.path, databaseUrl, onFact: tell, ...world });
  opening.defer(() => storage.close());
  // Another machine's disk tells nothing here: with PostgreSQL only keys lie in the folder.
  const bytesMin = databaseUrl === null ? options.storage.free_bytes_min : 0;
  const space = watchFreeSpace({ folder: folder.path, bytesMin, bytesLeft: bytesLeftAt, ...world });
  const keyring = await openSecrets(storage.secrets, keys.secret, dice, options.hooks.sign_ed25519);
  return { options, sources, world, keys, policy, certificates, storage, space, keyring, telemetry, tell };
}
