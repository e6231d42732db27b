/** A certificate and its key, read from files and looked at before anything is served with them. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Flaw, Place } from "./flaw.ts";
import type { Options } from "./options.ts";
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

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Null: no TLS is asked for. */
export function certificateFiles({ tls }: Pick<Options, "tls">): CertificateFiles | null {
  return tls.cert === null || tls.key === null ? null : { cert: tls.cert, key: tls.key };
}

export function readCertificate(
  files: CertificateFiles,
  sources: Pick<Sources, "tls.cert" | "tls.key">,
  readText: ReadText,
): CertificateRead {
  const flaws: Flaw[] = [];
  const flaw = (path: "tls.cert" | "tls.key", message: string): null => {
    const place: Place = sources[path];
    flaws.push({ place, path, message: `${path}: ${message}` });
    return null;
  };
  const read = (path: "tls.cert" | "tls.key", file: string): string | null => {
    const result = readText(file);
    return result.kind === "text" ? result.text : flaw(path, `The file ${file} ${readFailure(result)}.`);
  };

  const cert = read("tls.cert", files.cert);
  const key = read("tls.key", files.key);
  const leaf =
    cert === null ? null : (parseLeaf(cert) ?? flaw("tls.cert", notPem(files.cert, "certificate")));
  const privateKey =
    key === null ? null : (parseKey(key) ?? flaw("tls.key", notPem(files.key, "private key")));
  if (cert === null || key === null || leaf === null || privateKey === null) return { kind: "flawed", flaws };

  if (!leaf.checkPrivateKey(privateKey)) {
    flaw(
      "tls.key",
      `The key in ${files.key} does not belong to the certificate in ${files.cert}. Give the pair.`,
    );
  } else if (!isServable(cert, key)) {
    flaw("tls.cert", `The chain in ${files.cert} cannot be served. Each certificate in it has to be whole.`);
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

function isServable(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}
