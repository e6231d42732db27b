/** The one table of options. Types, validation, `trulinks.example.yaml` and `docs/reference/options.md` come from it. */
import { LOG_LEVELS } from "../base/log.ts";
import { EGRESS_OPTIONS } from "./egress-options.ts";
import * as kinds from "./kinds.ts";
import { operationPatterns } from "./operation-pattern.ts";
import { flag, none, type Option, option, optional, SEEN_BY_OTHERS } from "./option.ts";

/** The variable and the flag that name the file itself; they cannot stand in it. */
export const CONFIG_FILE = {
  variable: "TRULINKS_CONFIG",
  flag: { kind: "flag", name: "--config", argument: "FILE" },
  default: "trulinks.yaml",
  what: "The file with options; `./trulinks.yaml` is read if it is there, a file that is named must exist.",
} as const;

export const OPTIONS = {
  "public.listen": option({
    variable: "TRULINKS_PUBLIC",
    flag: flag("--public", "HOST:PORT"),
    kind: kinds.listenAddress,
    default: "127.0.0.1:8080",
    what: "Where integrators reach the provider's API behind the gateway; port 0 takes one that is free.",
    example: "0.0.0.0:443",
  }),
  "public.prefix": option({
    variable: "TRULINKS_PUBLIC_PREFIX",
    flag: flag("--public-prefix", "PATH"),
    kind: kinds.pathPrefix,
    default: "/integrations",
    what: "The path below which TruLinks answers on the public listener; all else is the provider's API.",
    example: "/platform",
  }),
  "public.aliases": option({
    variable: "TRULINKS_PUBLIC_ALIASES",
    flag: flag("--public-aliases", "true|false"),
    kind: kinds.yesOrNo,
    default: true,
    what: "Whether `/rate_limit` and `/meta` also answer without the prefix; false leaves both paths to the provider.",
    example: "false",
  }),
  "provider.listen": option({
    variable: "TRULINKS_PROVIDER",
    flag: flag("--provider", "HOST:PORT"),
    kind: kinds.listenAddress,
    default: "127.0.0.1:8081",
    what: "Where the provider manages users, apps, grants and hooks and reports events, with the operator key.",
    example: "10.0.0.5:8081",
  }),
  data: option({
    variable: "TRULINKS_DATA",
    flag: flag("--data", "DIR"),
    kind: kinds.filePath,
    default: "./.trulinks",
    what: "The folder for the database, made keys and the lock; one process owns it.",
    example: "/var/lib/trulinks",
  }),
  "database.url": optional({
    variable: "TRULINKS_DATABASE_URL",
    flag: none(SEEN_BY_OTHERS),
    kind: kinds.postgresUrl,
    what: "A PostgreSQL database instead of the SQLite file in the data folder; needs `secret_key`.",
    example: "postgres://trulinks:PASSWORD@db.example.com/trulinks",
  }),
  "upstream.url": optional({
    variable: "TRULINKS_UPSTREAM",
    flag: flag("--upstream", "URL"),
    kind: kinds.httpUrl,
    what: "The provider's API, to which the gateway forwards requests; without it every other path is 404.",
    example: "https://api.internal.example.com/v3",
  }),
  "upstream.timeout_ms": option({
    variable: "TRULINKS_UPSTREAM_TIMEOUT_MS",
    flag: flag("--upstream-timeout-ms", "MS"),
    kind: kinds.integer({ min: 100, max: 3_600_000 }),
    default: 30_000,
    what: "How long the upstream may take to begin its answer.",
    example: "60000",
  }),
  "upstream.openapi": optional({
    variable: "TRULINKS_OPENAPI",
    flag: flag("--openapi", "FILE"),
    kind: kinds.filePath,
    what: "The OpenAPI 3.1 document of the provider's API, JSON or YAML: requests are held against it before they are forwarded.",
    example: "/etc/trulinks/openapi.json",
  }),
  "upstream.operations": option({
    variable: "TRULINKS_OPERATIONS",
    flag: flag("--operations", "LIST"),
    kind: operationPatterns,
    default: [],
    what: "Marks operations where there is no OpenAPI document; all others pass unmarked.",
    example: "[POST /comments content cost=10, GET /search/** resource=search]",
  }),
  "upstream.json_bytes_max": option({
    variable: "TRULINKS_JSON_BYTES_MAX",
    flag: flag("--json-bytes-max", "BYTES"),
    kind: kinds.integer({ min: 1_024, max: 10_485_760 }),
    default: 1_048_576,
    what: "The largest body that is held against the OpenAPI document; it is read whole for it. Bodies that are not are streamed.",
    example: "65536",
  }),
  operator_key: optional({
    variable: "TRULINKS_OPERATOR_KEY",
    flag: none(SEEN_BY_OTHERS),
    kind: kinds.visibleSecret,
    what: "The key of the provider listener; made at first start in `operator.key` of the data folder if not given.",
    example: null,
  }),
  secret_key: optional({
    variable: "TRULINKS_SECRET_KEY",
    flag: none(SEEN_BY_OTHERS),
    kind: kinds.keySecret,
    what: "Encrypts secrets at rest; made at first start in `secret.key` of the data folder if not given.",
    example: null,
  }),
  identity_key: optional({
    variable: "TRULINKS_IDENTITY_KEY",
    flag: none(SEEN_BY_OTHERS),
    kind: kinds.keySecret,
    what: "Signs `TruLinks-Identity` for the upstream; made at first start in `identity.key` of the data folder if not given.",
    example: null,
  }),
  "tls.cert": optional({
    variable: "TRULINKS_TLS_CERT",
    flag: flag("--tls-cert", "FILE"),
    kind: kinds.filePath,
    what: "The certificate chain (PEM) with which both listeners speak TLS; needs `tls.key`, is read anew when it changes.",
    example: "/etc/trulinks/tls/cert.pem",
  }),
  "tls.key": optional({
    variable: "TRULINKS_TLS_KEY",
    flag: flag("--tls-key", "FILE"),
    kind: kinds.filePath,
    what: "The private key (PEM, without a passphrase) of `tls.cert`.",
    example: "/etc/trulinks/tls/key.pem",
  }),
  trusted_proxies: option({
    variable: "TRULINKS_TRUSTED_PROXIES",
    flag: flag("--trusted-proxies", "LIST"),
    kind: kinds.networks,
    default: [],
    what: "The proxies that end TLS in front of TruLinks; only their `X-Forwarded-For` is believed.",
    example: "[10.0.0.0/8]",
  }),
  insecure: option({
    variable: "TRULINKS_INSECURE",
    flag: flag("--insecure", null),
    kind: kinds.yesOrNo,
    default: false,
    what: "Allows plain HTTP on addresses that others can reach.",
    example: "true",
  }),
  ...EGRESS_OPTIONS,
  "hooks.in_flight_max": option({
    variable: "TRULINKS_IN_FLIGHT_MAX",
    flag: flag("--in-flight-max", "COUNT"),
    kind: kinds.integer({ min: 1, max: 10_000 }),
    default: 1_024,
    what: "How many deliveries are under way at once in this process.",
    example: "4096",
  }),
  "storage.free_bytes_min": option({
    variable: "TRULINKS_STORAGE_FREE_BYTES_MIN",
    flag: flag("--storage-free-bytes-min", "BYTES"),
    kind: kinds.integer({ min: 0, max: 1_099_511_627_776 }),
    default: 268_435_456,
    what: "With less space left where the embedded database lies, events and whatever else would add to it are answered 503 while deliveries go on; 0 looks at nothing.",
    example: "1073741824",
  }),
  policy: optional({
    variable: "TRULINKS_POLICY",
    flag: flag("--policy", "FILE"),
    kind: kinds.filePath,
    what: "A YAML file with the numbers of the policy that differ from the defaults; read anew when it changes, and at SIGHUP.",
    example: "/etc/trulinks/policy.yaml",
  }),
  "log.level": option({
    variable: "TRULINKS_LOG_LEVEL",
    flag: flag("--log-level", "LEVEL"),
    kind: kinds.oneOf(LOG_LEVELS),
    default: "info",
    what: `The least important lines that are logged: ${LOG_LEVELS.join(", ")}.`,
    example: "debug",
  }),
  "telemetry.otlp_url": optional({
    variable: "TRULINKS_OTLP_URL",
    flag: flag("--otlp-url", "URL"),
    kind: kinds.httpUrl,
    what: "An OpenTelemetry collector to which traces go (OTLP over HTTP, JSON); without it none are made.",
    example: "http://127.0.0.1:4318",
  }),
  "telemetry.otlp_headers": optional({
    variable: "TRULINKS_OTLP_HEADERS",
    flag: none(SEEN_BY_OTHERS),
    kind: kinds.headerList,
    what: "Headers that the collector asks for, its key for instance.",
    example: null,
  }),
  "telemetry.sample_ratio": option({
    variable: "TRULINKS_SAMPLE_RATIO",
    flag: flag("--sample-ratio", "SHARE"),
    kind: kinds.share,
    default: 1,
    what: "The share of traces that is recorded of those that begin here; one that came in is recorded if its caller's is.",
    example: "0.05",
  }),
} as const;

type Table = typeof OPTIONS;
type ValueAt<Path extends keyof Table> =
  Table[Path] extends Option<infer Value, infer Nullable>
    ? Value | (Nullable extends true ? null : never)
    : never;
type Section<Path> = Path extends `${infer Name}.${string}` ? Name : never;

export type OptionPath = keyof Table;

/** The options, nested and named as in the file: `options.public.listen`. Paths are absolute. */
export type Options = {
  readonly [Path in OptionPath as Path extends `${string}.${string}` ? never : Path]: ValueAt<Path>;
} & {
  readonly [Name in Section<OptionPath>]: {
    readonly [Path in OptionPath as Path extends `${Name}.${infer Member}` ? Member : never]: ValueAt<Path>;
  };
};

export const OPTION_PATHS = Object.keys(OPTIONS) as readonly OptionPath[];
