/** TLS on the listeners, with a certificate that is read anew when its files change. */
import type { SecureContextOptions } from "node:tls";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import { StartRefused } from "../base/start-refused.ts";
import { type Certificate, type CertificateFiles, certificateFiles, readCertificate } from "./certificate.ts";
import { formatFlaw } from "./flaw.ts";
import type { Options } from "./options.ts";
import type { Sources } from "./rules.ts";
import { type ReadText, readText } from "./text-reader.ts";

/** What this needs of a `tls.Server` or `https.Server`. */
export interface SecureServer {
  setSecureContext(options: SecureContextOptions): void;
}

export interface Tls {
  /** What to make a server with. */
  context(): { readonly cert: string; readonly key: string };
  /** Gives the server each new certificate from now on; connections that stand are left alone. */
  keepCurrent(server: SecureServer): void;
  /** Watches the files while it runs. */
  readonly part: Part;
}

export interface TlsDeps {
  readonly files: CertificateFiles;
  readonly sources: Pick<Sources, "tls.cert" | "tls.key">;
  readonly readText: ReadText;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs?: number;
}

interface Refusal {
  readonly message: string;
  /** How many looks in a row ended with it. */
  readonly times: number;
}

// Contents are compared instead of waiting for the kernel's word: that also sees renames, swapped links and network
// folders, and two small reads cost nothing at this pace.
const POLL_MS = 2_000;

/** As the options ask for it; null: the listeners speak plain HTTP. */
export function startTls(
  options: Pick<Options, "tls">,
  sources: Sources,
  world: Pick<TlsDeps, "clock" | "log">,
): Tls | null {
  const files = certificateFiles(options);
  return files && openTls({ files, sources, readText, ...world });
}

/** Throws `StartRefused` if the files are no good at the start; later on a bad pair is logged and the old one stays. */
export function openTls({ files, sources, readText, clock, log, pollMs = POLL_MS }: TlsDeps): Tls {
  const first = readCertificate(files, sources, readText);
  if (first.kind === "flawed") throw new StartRefused(first.flaws.map(formatFlaw).join("\n"));

  let current = first.certificate;
  let saidExpired = false;
  let refusal: Refusal = { message: "", times: 0 };
  let cancel: Cancel = () => {};
  const servers = new Set<SecureServer>();
  sayIfExpired();

  function look(): void {
    const read = readCertificate(files, sources, readText);
    if (read.kind === "flawed") refuse(read.flaws.map(formatFlaw).join("\n"));
    else use(read.certificate);
    sayIfExpired();
    cancel = clock.after(pollMs, look);
  }

  function refuse(message: string): void {
    refusal = { message, times: message === refusal.message ? refusal.times + 1 : 1 };
    // Two files are never replaced at one instant: a pair that does not fit is said when it has stayed so.
    if (refusal.times === 2) log.warn("tls.certificate-refused", { message });
  }

  function use(certificate: Certificate): void {
    refusal = { message: "", times: 0 };
    const { cert, key, expiresAtMs } = certificate;
    if (cert === current.cert && key === current.key) return;
    current = certificate;
    saidExpired = false;
    for (const server of servers) server.setSecureContext({ cert, key });
    log.info("tls.certificate-changed", { file: files.cert, expiresAt: new Date(expiresAtMs).toISOString() });
  }

  function sayIfExpired(): void {
    const { expiresAtMs } = current;
    if (saidExpired || expiresAtMs > clock.now()) return;
    saidExpired = true;
    log.warn("tls.certificate-expired", { file: files.cert, expiredAt: new Date(expiresAtMs).toISOString() });
  }

  return {
    context: () => ({ cert: current.cert, key: current.key }),
    keepCurrent: (server) => void servers.add(server),
    part: {
      name: "tls",
      async start() {
        cancel = clock.after(pollMs, look);
      },
      async stop() {
        cancel();
        servers.clear();
      },
    },
  };
}
