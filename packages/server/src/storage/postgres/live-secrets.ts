/** The live secrets of a hook and of a user, as arrays beside the row that they belong to: newest first. */
import type { SealedSecret, SecretVersion } from "../../webhooks/claim.ts";

export interface SecretColumns {
  readonly sealed: readonly Uint8Array[] | null;
  readonly sealed_until: readonly (number | null)[] | null;
}

export interface VersionColumns {
  readonly versions: readonly number[] | null;
  readonly versions_until: readonly (number | null)[] | null;
}

// Times are far below 2^53, and the client reads an array of float8 as numbers where it reads one of bigint as texts.

/** Of `hooks.id`, at `$1`. */
export const OWN_SECRETS = `
  SELECT array_agg(sealed ORDER BY version DESC) AS sealed,
    array_agg(until_ms::float8 ORDER BY version DESC) AS sealed_until
  FROM hook_secrets WHERE hook_id = hooks.id AND (until_ms IS NULL OR until_ms > $1)`;

/** Of `due.hook_id` and `due.user_id`, at `$1`. */
export const USER_VERSIONS = `
  SELECT array_agg(version ORDER BY version DESC) AS versions,
    array_agg(until_ms::float8 ORDER BY version DESC) AS versions_until
  FROM user_secrets
  WHERE hook_id = due.hook_id AND user_id = due.user_id AND (until_ms IS NULL OR until_ms > $1)`;

/** What a user who never rotated has. */
export const FIRST_VERSION: readonly SecretVersion[] = [{ version: 1, untilMs: null }];

export function toSecrets({ sealed, sealed_until }: SecretColumns): readonly SealedSecret[] {
  return (sealed ?? []).map((bytes, index) => ({ sealed: bytes, untilMs: sealed_until?.[index] ?? null }));
}

export function toVersions({ versions, versions_until }: VersionColumns): readonly SecretVersion[] {
  if (versions === null) return FIRST_VERSION;
  return versions.map((version, index) => ({ version, untilMs: versions_until?.[index] ?? null }));
}
