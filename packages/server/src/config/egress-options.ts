/** The options that say how deliveries leave and where they may lead; a part of the table in `options.ts`. */
import { nameServers, proxyUrl } from "./egress-kinds.ts";
import * as kinds from "./kinds.ts";
import { flag, none, option, optional, SEEN_BY_OTHERS } from "./option.ts";

export const EGRESS_OPTIONS = {
  "hooks.allow_addresses": option({
    variable: "TRULINKS_ALLOW_ADDRESSES",
    flag: flag("--allow-addresses", "LIST"),
    kind: kinds.networks,
    default: [],
    what: "Addresses to which hooks may point although they are private, or by plain http, or on any port.",
    example: "[127.0.0.0/8, ::1/128]",
  }),
  "hooks.dns_servers": option({
    variable: "TRULINKS_DNS_SERVERS",
    flag: flag("--dns-servers", "LIST"),
    kind: nameServers,
    default: [],
    what: "The name servers that are asked for the hosts of hooks; without any, those of this machine.",
    example: "[192.0.2.53, 192.0.2.54:5353]",
  }),
  "hooks.proxy": optional({
    variable: "TRULINKS_HOOKS_PROXY",
    flag: none(SEEN_BY_OTHERS),
    kind: proxyUrl,
    what: "An HTTP proxy (CONNECT) through which every delivery goes; its user and password are taken from the variable only.",
    example: "http://egress.internal.example.com:3128",
  }),
  "hooks.source_addresses": option({
    variable: "TRULINKS_SOURCE_ADDRESSES",
    flag: flag("--source-addresses", "LIST"),
    kind: kinds.networks,
    default: [],
    what: "The addresses that deliveries come from as receivers see them; published at `GET /meta` and not checked.",
    example: "[203.0.113.7, 2001:db8:7::/64]",
  }),
  "hooks.client_cert": optional({
    variable: "TRULINKS_HOOKS_CLIENT_CERT",
    flag: flag("--hooks-client-cert", "FILE"),
    kind: kinds.filePath,
    what: "The certificate chain (PEM) shown to receivers that ask who calls (mTLS); needs `hooks.client_key`, is read anew when it changes.",
    example: "/etc/trulinks/tls/client-cert.pem",
  }),
  "hooks.client_key": optional({
    variable: "TRULINKS_HOOKS_CLIENT_KEY",
    flag: flag("--hooks-client-key", "FILE"),
    kind: kinds.filePath,
    what: "The private key (PEM, without a passphrase) of `hooks.client_cert`.",
    example: "/etc/trulinks/tls/client-key.pem",
  }),
  "hooks.sign_ed25519": option({
    variable: "TRULINKS_SIGN_ED25519",
    flag: flag("--sign-ed25519", "true|false"),
    kind: kinds.yesOrNo,
    default: false,
    what: "Whether standard deliveries are also signed by the platform's own key (`v1a`), whose public half is at `GET /meta`.",
    example: "true",
  }),
} as const;
