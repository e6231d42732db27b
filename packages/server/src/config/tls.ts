/** TLS on the listeners, with a certificate that is read anew when its files change. */
import type { SecureContextOptions } from "node:tls";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import { StartRefused } from "../base/start-refused.ts";
import { type Certificate, type CertificateFiles, readCertificate } from "./certificate.ts";
import { formatFlaw } from "./flaw.ts";
import type { Sources } from "./rules.ts";
import type { ReadText } from "./text-reader.ts";

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

// Contents are compared instead of waiting for the kernel's word: that also sees renames, swapped links and network
// folders, and two small reads cost nothing at this pace.
const POLL_MS = 2_000;

/** Throws `StartRefused` if the files are no good at the start; later on a bad pair is logged and the old one stays. */
export function openTls({ files, sources, readText, clock, log, pollMs = POLL_MS }: TlsDeps): Tls {
  const first = readCertificate(files, sources, readText);
  if (first.kind === "flawed") throw new StartRefused(first.flaws.map(formatFlaw).join("\n"));

  let current = first.certificate;
  let complaint = "";
  let cancel: Cancel = () => {};
  const servers = new Set<SecureServer>();
  warnIfExpired(current);

  function warnIfExpired({ expiresAtMs }: Certificate): void {
    if (expiresAtMs > clock.now()) return;
    log.warn("tls.certificate-expired", { file: files.cert, expiredAt: new Date(expiresAtMs).toISOString() });
  }

  function look(): void {
    const read = readCertificate(files, sources, readText);
    // Two files are never replaced at one instant, so a pair that does not fit is first of all one to wait for.
    if (read.kind === "flawed") complain(read.flaws.map(formatFlaw).join("\n"));
    else if (read.certificate.cert !== current.cert || read.certificate.key !== current.key)
      use(read.certificate);
    cancel = clock.after(pollMs, look);
  }

  function complain(message: string): void {
    if (message !== complaint) log.warn("tls.certificate-refused", { message });
    complaint = message;
  }

  function use(certificate: Certificate): void {
    current = certificate;
    complaint = "";
    for (const server of servers) server.setSecureContext({ cert: certificate.cert, key: certificate.key });
    log.info("tls.certificate-changed", {
      file: files.cert,
      expiresAt: new Date(certificate.expiresAtMs).toISOString(),
    });
    warnIfExpired(certificate);
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
