/**
 * What an integrator's commands read from the environment. The platform itself reads none of it, and so minds none: both
 * may run in one shell.
 */
export const CALLER_VARIABLES = {
  url: "TRULINKS_URL",
  token: "TRULINKS_TOKEN",
  clientId: "TRULINKS_CLIENT_ID",
  clientSecret: "TRULINKS_CLIENT_SECRET",
} as const;
