/** What must hold between options that are each good. */
import { formatListenAddress, isLoopback } from "../base/listen-address.ts";
import type { Flaw, Place } from "./flaw.ts";
import type { OptionPath, Options } from "./options.ts";

export type Sources = Readonly<Record<OptionPath, Place>>;

export function checkRules(options: Options, sources: Sources): readonly Flaw[] {
  return [
    ...checkTlsPair(options, sources),
    ...checkPlainListeners(options, sources),
    ...checkAddressesDiffer(options, sources),
    ...checkDatabaseKey(options, sources),
    ...checkClientPair(options, sources),
    ...checkProxyCredentials(options, sources),
    ...checkOperations(options, sources),
  ];
}

function checkTlsPair({ tls }: Options, sources: Sources): readonly Flaw[] {
  if ((tls.cert === null) === (tls.key === null)) return [];
  const [given, missing] = tls.key === null ? (["cert", "key"] as const) : (["key", "cert"] as const);
  const message = `tls.${given} is given without tls.${missing}. Give both for TLS, or none.`;
  return [{ place: sources[`tls.${given}`], path: `tls.${given}`, message }];
}

function checkPlainListeners(options: Options, sources: Sources): readonly Flaw[] {
  const isProtected = options.tls.cert !== null || options.trusted_proxies.length > 0 || options.insecure;
  if (isProtected) return [];
  return (["public", "provider"] as const)
    .filter((name) => !isLoopback(options[name].listen))
    .map((name) => {
      const path = `${name}.listen` as const;
      const address = formatListenAddress(options[name].listen);
      const message =
        `${path} is ${address}, which others can reach, and there is no TLS. Give tls.cert and tls.key, ` +
        "or trusted_proxies if a proxy ends TLS in front, or listen on 127.0.0.1, or allow plain HTTP with --insecure.";
      return { place: sources[path], path, message };
    });
}

function checkAddressesDiffer(options: Options, sources: Sources): readonly Flaw[] {
  const address = formatListenAddress(options.provider.listen);
  if (options.provider.listen.port === 0 || address !== formatListenAddress(options.public.listen)) return [];
  const message = `provider.listen is ${address}, the same as public.listen. Give each an address of its own.`;
  return [{ place: sources["provider.listen"], path: "provider.listen", message }];
}

function checkDatabaseKey(options: Options, sources: Sources): readonly Flaw[] {
  if (options.database.url === null || options.secret_key !== null) return [];
  const message =
    "database.url needs secret_key, since every process that shares the database needs the same one. " +
    "Make one with `openssl rand -base64 32` and give it as TRULINKS_SECRET_KEY.";
  return [{ place: sources["database.url"], path: "database.url", message }];
}

function checkClientPair({ hooks }: Options, sources: Sources): readonly Flaw[] {
  if ((hooks.client_cert === null) === (hooks.client_key === null)) return [];
  const [given, missing] =
    hooks.client_key === null ? (["cert", "key"] as const) : (["key", "cert"] as const);
  const path = `hooks.client_${given}` as const;
  const message = `${path} is given without hooks.client_${missing}. Give both, or none.`;
  return [{ place: sources[path], path, message }];
}

function checkOperations({ upstream }: Options, sources: Sources): readonly Flaw[] {
  const path = "upstream.operations";
  if (upstream.openapi === null || upstream.operations.length === 0) return [];
  const message = `${path} is given with upstream.openapi. Mark the operations in that document (x-trulinks-…), or leave one out.`;
  return [{ place: sources[path], path, message }];
}

/** Files are copied and committed, and command lines are visible to other users of the machine. */
function checkProxyCredentials({ hooks }: Options, sources: Sources): readonly Flaw[] {
  const path = "hooks.proxy";
  const place = sources[path];
  if (hooks.proxy === null || hooks.proxy.authorization === null || place.kind === "variable") return [];
  const message = "hooks.proxy has a user and password. Give it as TRULINKS_HOOKS_PROXY, or leave them out.";
  return [{ place, path, message }];
}
