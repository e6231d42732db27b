/** What a hook may be made with and changed to. Finds the first flaw; form and ranges are checked at the border. */
import { X509Certificate } from "node:crypto";
import { parseSecret, SECRET_BYTES_MAX, SECRET_BYTES_MIN } from "@trulinks/protocol";
import { type AddressPolicy, judgeUrl } from "./addresses.ts";
import type { Hook } from "./hook.ts";
import type { HookFlaw, HookRequest, Maker } from "./hooks.ts";
import type { HookChange } from "./store.ts";

const CA_CHARACTERS_MAX = 64 * 1_024;
const GITHUB_SECRET_PATTERN = /^[\x21-\x7e]{1,256}$/;
const CERTIFICATE_PATTERN = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export function judgeRequest(addresses: AddressPolicy, request: HookRequest): HookFlaw | null {
  return (
    judgeReceiver(addresses, request) ??
    judgeSecretPer(request) ??
    judgeSecret(request) ??
    judgeCa(request.ca)
  );
}

/** `isMoved`: the change leads the hook to another receiver, which has to answer first. */
export function judgeChange(
  addresses: AddressPolicy,
  hook: Hook,
  change: HookChange,
  { by, isMoved }: { readonly by: Maker; readonly isMoved: boolean },
): HookFlaw | null {
  return (
    judgeState(hook, change, { by, isMoved }) ??
    judgeRelease(change) ??
    judgeReceiver(addresses, change) ??
    judgeCa(change.ca)
  );
}

function judgeState(
  hook: Hook,
  { state }: HookChange,
  { by, isMoved }: { readonly by: Maker; readonly isMoved: boolean },
): HookFlaw | null {
  if (state === undefined || by === "operator") return null;
  if (hook.state === "pending") {
    return flaw(
      "state",
      "A pending hook becomes active when its receiver answers the signed ping with 2xx; nothing else can change its state.",
    );
  }
  if (!isMoved) return null;
  return flaw(
    "state",
    "With another URL the hook is pending until the receiver there answers a signed ping with 2xx: leave state out.",
  );
}

function judgeRelease({ state, releasePerS }: HookChange): HookFlaw | null {
  if (releasePerS === undefined || state === "active") return null;
  return flaw(
    "release_per_s",
    'It says how fast that is released which was kept for the hook: send it together with state "active".',
  );
}

function judgeReceiver(addresses: AddressPolicy, { url }: { readonly url?: string }): HookFlaw | null {
  const verdict = url === undefined ? null : judgeUrl(addresses, url);
  return verdict?.kind === "refused" ? flaw("url", verdict.because) : null;
}

function judgeSecretPer({ owner, secretPer, signature }: HookRequest): HookFlaw | null {
  if (secretPer !== "user") return null;
  if (signature === "github") {
    return flaw(
      "secret_per",
      'A hook with "github" signatures has one secret: leave secret_per out, or ask for "hook".',
    );
  }
  if (owner.kind === "user") {
    return flaw(
      "secret_per",
      "A user's hook concerns that user alone, so its own secret is that user's: leave secret_per out, or ask for \"hook\".",
    );
  }
  return null;
}

function judgeSecret({ secret, signature }: HookRequest): HookFlaw | null {
  if (secret === undefined) return null;
  if (signature === "github") {
    if (GITHUB_SECRET_PATTERN.test(secret.reveal())) return null;
    return flaw("secret", "Expected 1 to 256 visible ASCII characters.");
  }
  if (parseSecret(secret.reveal()) !== null) return null;
  return flaw(
    "secret",
    `Expected whsec_ and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} random bytes.`,
  );
}

function judgeCa(ca: string | null | undefined): HookFlaw | null {
  if (ca === undefined || ca === null) return null;
  if (ca.length > CA_CHARACTERS_MAX) {
    return flaw("ca", `Expected at most ${CA_CHARACTERS_MAX} characters, this has ${ca.length}.`);
  }
  const blocks = ca.match(CERTIFICATE_PATTERN) ?? [];
  const isReadable = blocks.length > 0 && blocks.every(isCertificate);
  return isReadable ? null : flaw("ca", "Expected one or more X.509 certificates in PEM.");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== "";
  } catch {
    return false;
  }
}

function flaw(member: string, message: string): HookFlaw {
  return { kind: "flawed", member, message };
}
