/** TLS of the listeners, and towards receivers, with a certificate that is read anew when its files change. */
import type { SecureContextOptions } from "node:tls";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import { StartRefused } from "../base/start-refused.ts";
import {
  type Certificate,
  type CertificateFiles,
  certificateFiles,
  clientCertificateFiles,
  readCertificate,
} from "./certificate.ts";
import { formatFlaw } from "./flaw.ts";
import type { Options } from "./options.ts";
import type { Sources } from "./rules.ts";
import { type ReadText, readText } from "./text-reader.ts";

/** What this needs of a `tls.Server` or `https.Server`. */
export interface SecureServer {
  setSecureContext(options: SecureContextOptions): void;
}

export interface Tls {
  /** What to make a server or a connection with, as it is now. */
  context(): { readonly cert: string; readonly key: string };
  /** Gives the server each new certificate from now on; connections that stand are left alone. */
  keepCurrent(server: SecureServer): void;
  /** Watches the files while it runs. */
  readonly part: Part;
}

export interface TlsDeps {
  readonly files: CertificateFiles;
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

/** The certificates that the options name: what the listeners show, and what is shown to receivers that ask. */
export interface Certificates {
  /** Null: the listeners speak plain HTTP. */
  readonly tls: Tls | null;
  clientCertificate(): ReturnType<Tls["context"]> | null;
  readonly parts: readonly Part[];
}

export function startCertificates(
  options: Options,
  sources: Sources,
  world: Pick<TlsDeps, "clock" | "log">,
): Certificates {
  const open = (files: CertificateFiles | null) => files && openTls({ files, readText, ...world });
  const tls = open(certificateFiles(options, sources));
  const client = open(clientCertificateFiles(options, sources));
  return {
    tls,
    clientCertificate: () => client?.context() ?? null,
    parts: [tls, client].flatMap((one) => one?.part ?? []),
  };
}

/** Throws `StartRefused` if the files are no good at the start; later on a bad pair is logged and the old one stays. */
export function openTls({ files, readText, clock, log, pollMs = POLL_MS }: TlsDeps): Tls {
  const first = readCertificate(files, readText);
  if (first.kind === "flawed") throw new StartRefused(first.flaws.map(formatFlaw).join("\n"));

  let current = first.certificate;
  let saidExpired = false;
  let refusal: Refusal = { message: "", times: 0 };
  let cancel: Cancel = () => {};
  const servers = new Set<SecureServer>();
  sayIfExpired();

  function look(): void {
    const read = readCertificate(files, readText);
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
    log.info("tls.certificate-changed", {
      file: files.cert.file,
      expiresAt: new Date(expiresAtMs).toISOString(),
    });
  }

  function sayIfExpired(): void {
    const { expiresAtMs } = current;
    if (saidExpired || expiresAtMs > clock.now()) return;
    saidExpired = true;
    log.warn("tls.certificate-expired", {
      file: files.cert.file,
      expiredAt: new Date(expiresAtMs).toISOString(),
    });
  }

  return {
    context: () => ({ cert: current.cert, key: current.key }),
    keepCurrent: (server) => void servers.add(server),
    part: {
      name: files.cert.path,
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
