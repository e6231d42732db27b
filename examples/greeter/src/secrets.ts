/** Each user's own secret of the app's hook: asked for once, kept in memory, asked for again after a rotation. */
import { isGivenId, parseSecret } from "@trulinks/protocol";
import { memberOf, type TruLinks } from "./trulinks.ts";

export type KeysAsked =
  | { readonly kind: "keys"; readonly keys: readonly Uint8Array[] }
  /** TruLinks serves no such user to this hook. */
  | { readonly kind: "unknown" }
  /** It cannot be known now: TruLinks did not answer, or was asked enough. */
  | { readonly kind: "unavailable" };

export interface UserSecrets {
  /** What is known without asking; empty where nothing is. */
  known(user: string): readonly Uint8Array[];
  /** Asks TruLinks, unless it answered for this user just now. */
  ask(user: string): Promise<KeysAsked>;
}

// The user in a header is anybody's claim until the signature holds, so what it may cost is bounded three times over.
const USERS_MAX = 10_000;
const ASKED_AGAIN_AFTER_MS = 10_000;
const ASKED_PER_MIN_MAX = 600;

interface Known {
  readonly asked: KeysAsked;
  readonly atMs: number;
}

export function createUserSecrets(trulinks: TruLinks, hookId: string, now: () => number): UserSecrets {
  const known = new Map<string, Known>();
  const underWay = new Map<string, Promise<KeysAsked>>();
  let minute = 0;
  let askedInMinute = 0;

  function mayAsk(): boolean {
    const thisMinute = Math.floor(now() / 60_000);
    if (thisMinute !== minute) askedInMinute = 0;
    minute = thisMinute;
    return askedInMinute++ < ASKED_PER_MIN_MAX;
  }

  async function fetchKeys(user: string): Promise<KeysAsked> {
    const asked = await readSecrets(trulinks, hookId, user);
    if (asked.kind === "unavailable") return asked;
    known.delete(user);
    known.set(user, { asked, atMs: now() });
    const [oldest] = known.keys();
    if (known.size > USERS_MAX && oldest !== undefined) known.delete(oldest);
    return asked;
  }

  return {
    known(user) {
      const asked = known.get(user)?.asked;
      return asked?.kind === "keys" ? asked.keys : [];
    },
    async ask(user) {
      if (!isGivenId(user)) return { kind: "unknown" };
      const last = known.get(user);
      if (last && now() - last.atMs < ASKED_AGAIN_AFTER_MS) return last.asked;
      const running = underWay.get(user);
      if (running) return running;
      if (!mayAsk()) return { kind: "unavailable" };
      const asking = fetchKeys(user).finally(() => underWay.delete(user));
      underWay.set(user, asking);
      return asking;
    },
  };
}

async function readSecrets(trulinks: TruLinks, hookId: string, user: string): Promise<KeysAsked> {
  try {
    const { status, body } = await trulinks.asApp("GET", `/integrations/hooks/${hookId}/secrets/${user}`);
    if (status === 404) return { kind: "unknown" };
    const secrets = memberOf(body, "secrets");
    if (status !== 200 || !Array.isArray(secrets)) return { kind: "unavailable" };
    const keys = secrets
      .map((entry) => parseSecret(String(memberOf(entry, "secret"))))
      .filter((key) => key !== null);
    return { kind: "keys", keys };
  } catch {
    return { kind: "unavailable" };
  }
}
