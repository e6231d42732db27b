/** A certificate authority for tests: real certificates for real TLS sockets, made in a few milliseconds. */
import type { webcrypto } from "node:crypto";
import { isIP } from "node:net";

// The library's container asks for this old proposal of the language while it loads and stores nothing that we use.
const metadata = new WeakMap<object, Map<unknown, unknown>>();
Object.assign(Reflect, {
  getMetadata: (key: unknown, target: object) => metadata.get(target)?.get(key),
  getOwnMetadata: (key: unknown, target: object) => metadata.get(target)?.get(key),
  defineMetadata: (key: unknown, value: unknown, target: object) => {
    metadata.set(target, (metadata.get(target) ?? new Map()).set(key, value));
  },
});

const x509 = await import("@peculiar/x509");

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** What a TLS server is made with, both as PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface IssueRequest {
  /** Names and addresses that the certificate is good for, such as `localhost` and `127.0.0.1`. */
  readonly hosts: readonly string[];
  /** A day ago if left out. */
  readonly notBefore?: Date;
  /** In a day if left out; in the past it makes an expired certificate. */
  readonly notAfter?: Date;
  /** Who shows it: a server if left out. */
  readonly shownBy?: "server" | "client";
}

export interface Authority {
  /** The authority's own certificate as PEM: what a client has to trust. */
  readonly cert: string;
  issue(request: IssueRequest): Promise<Issued>;
}

/** A new authority, unknown to everybody who is not given its certificate. */
export async function makeAuthority(name = "Test Authority"): Promise<Authority> {
  const keys = await makeKeys();
  const subject = `CN=${name} ${crypto.randomUUID()}`;
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity({}),
    serialNumber: makeSerialNumber(),
    name: subject,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    cert: own.toString("pem"),
    async issue(request) {
      const leafKeys = await makeKeys();
      const leaf = await x509.X509CertificateGenerator.create({
        ...validity(request),
        serialNumber: makeSerialNumber(),
        subject: nameOf(request),
        issuer: subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          ...extensionsFor(request),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      return { cert: leaf.toString("pem"), key: await toPem(leafKeys.privateKey) };
    },
  };
}

/** A certificate that vouches for itself, as people make them on their own machines. */
export async function makeSelfSigned(request: IssueRequest): Promise<Issued> {
  const keys = await makeKeys();
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(request),
    serialNumber: makeSerialNumber(),
    name: nameOf(request),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: extensionsFor(request),
  });
  return { cert: own.toString("pem"), key: await toPem(keys.privateKey) };
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

// RFC 5280, 4.1.2.2: positive and at most 20 bytes; the first byte keeps both promises.
function makeSerialNumber(): string {
  return `01${Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString("hex")}`;
}

function validity({ notBefore, notAfter }: Partial<IssueRequest>): { notBefore: Date; notAfter: Date } {
  const end = notAfter ?? new Date(Date.now() + DAY_MS);
  const start = notBefore ?? new Date(Math.min(Date.now(), end.getTime()) - DAY_MS);
  return { notBefore: start, notAfter: end };
}

function nameOf({ hosts }: IssueRequest): string {
  return `CN=${hosts[0] ?? "nobody"}`;
}

function extensionsFor({ hosts, shownBy = "server" }: IssueRequest): import("@peculiar/x509").Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([
      shownBy === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
    ]),
    new x509.SubjectAlternativeNameExtension(
      hosts.map((host) => ({ type: isIP(host) === 0 ? ("dns" as const) : ("ip" as const), value: host })),
    ),
  ];
}

async function toPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
