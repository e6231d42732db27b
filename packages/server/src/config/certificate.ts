/** A certificate and its key, read from files and looked at before anything is shown with them. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Flaw, Place } from "./flaw.ts";
import type { OptionPath, Options } from "./options.ts";
import type { Sources } from "./rules.ts";
import { type ReadText, readFailure } from "./text-reader.ts";

export interface Certificate {
  /** The chain, PEM. */
  readonly cert: string;
  /** The private key, PEM. Never logged. */
  readonly key: string;
  readonly expiresAtMs: number;
}

export type CertificateRead =
  | { readonly kind: "ok"; readonly certificate: Certificate }
  | { readonly kind: "flawed"; readonly flaws: readonly Flaw[] };

/** A file, and the option that named it. */
export interface NamedFile {
  readonly path: OptionPath;
  readonly file: string;
  readonly place: Place;
}

export interface CertificateFiles {
  readonly cert: NamedFile;
  readonly key: NamedFile;
}

type CertificateSources = Pick<Sources, "tls.cert" | "tls.key">;
type ClientSources = Pick<Sources, "hooks.client_cert" | "hooks.client_key">;

/** What the listeners show. Null: no TLS is asked for. */
export function certificateFiles(
  { tls }: Pick<Options, "tls">,
  sources: CertificateSources,
): CertificateFiles | null {
  if (tls.cert === null || tls.key === null) return null;
  return {
    cert: { path: "tls.cert", file: tls.cert, place: sources["tls.cert"] },
    key: { path: "tls.key", file: tls.key, place: sources["tls.key"] },
  };
}

/** What is shown to receivers that ask. Null: nothing. */
export function clientCertificateFiles(
  { hooks }: { readonly hooks: Pick<Options["hooks"], "client_cert" | "client_key"> },
  sources: ClientSources,
): CertificateFiles | null {
  if (hooks.client_cert === null || hooks.client_key === null) return null;
  return {
    cert: { path: "hooks.client_cert", file: hooks.client_cert, place: sources["hooks.client_cert"] },
    key: { path: "hooks.client_key", file: hooks.client_key, place: sources["hooks.client_key"] },
  };
}

export function readCertificate(files: CertificateFiles, readText: ReadText): CertificateRead {
  const flaws: Flaw[] = [];
  const flaw = ({ path, place }: NamedFile, message: string): null => {
    flaws.push({ place, path, message: `${path}: ${message}` });
    return null;
  };
  const read = (named: NamedFile): string | null => {
    const result = readText(named.file);
    return result.kind === "text"
      ? result.text
      : flaw(named, `The file ${named.file} ${readFailure(result)}.`);
  };

  const cert = read(files.cert);
  const key = read(files.key);
  const leaf =
    cert === null ? null : (parseLeaf(cert) ?? flaw(files.cert, notPem(files.cert.file, "certificate")));
  const privateKey =
    key === null ? null : (parseKey(key) ?? flaw(files.key, notPem(files.key.file, "private key")));
  if (cert === null || key === null || leaf === null || privateKey === null) return { kind: "flawed", flaws };

  if (!leaf.checkPrivateKey(privateKey)) {
    const message = `The key in ${files.key.file} does not belong to the certificate in ${files.cert.file}. Give the pair.`;
    flaw(files.key, message);
  } else if (!isUsable(cert, key)) {
    flaw(
      files.cert,
      `The chain in ${files.cert.file} cannot be used. Each certificate in it has to be whole.`,
    );
  }
  if (flaws.length > 0) return { kind: "flawed", flaws };
  return { kind: "ok", certificate: { cert, key, expiresAtMs: leaf.validToDate.getTime() } };
}

function notPem(file: string, what: string): string {
  const more = what === "private key" ? " without a passphrase" : "";
  return `The file ${file} has no ${what} that can be read. Expected PEM${more}.`;
}

function parseLeaf(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

function isUsable(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}
