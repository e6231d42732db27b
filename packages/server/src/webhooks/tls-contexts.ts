/** What a TLS connection to a receiver is made with. Making one reads certificates, so each is made once. */
import { createSecureContext, type SecureContext } from "node:tls";

/** What the platform shows to receivers that ask who it is (mTLS), as PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

// A megabyte each at most, where the hook has an authority of its own.
const CONTEXTS_MAX = 64;

/** `clientCertificate`: as it is now; asked for each new connection, so that a new one is shown from then on. */
export function createTlsContexts(
  clientCertificate: () => ClientCertificate | null,
): (ca: string | null) => SecureContext {
  const contexts = new Map<string, SecureContext>();
  let shown: ClientCertificate | null = null;
  return (ca) => {
    const current = clientCertificate();
    if (current?.cert !== shown?.cert || current?.key !== shown?.key) contexts.clear();
    shown = current;
    const name = ca ?? "";
    const context = contexts.get(name) ?? createSecureContext({ ...(ca === null ? {} : { ca }), ...current });
    contexts.delete(name);
    contexts.set(name, context);
    const [oldest] = contexts.keys();
    if (contexts.size > CONTEXTS_MAX && oldest !== undefined) contexts.delete(oldest);
    return context;
  };
}
