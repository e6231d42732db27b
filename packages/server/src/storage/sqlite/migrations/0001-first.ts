/**
 * Times are milliseconds since 1970. Ids compare as bytes. Lists in JSON are never searched by SQL.
 * Only accounts have foreign keys: events and deliveries are written too often to be checked, and one verb
 * writes each of them.
 */
export const first = `
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  name TEXT,
  email TEXT,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE apps (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  owner TEXT REFERENCES users (id) ON DELETE SET NULL,
  contact TEXT,
  client_id TEXT NOT NULL UNIQUE,
  client_secret_hash BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX apps_by_owner ON apps (owner) WHERE owner IS NOT NULL;

-- A row is a live grant; revoking deletes it.
CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  app_id TEXT NOT NULL REFERENCES apps (id),
  scopes TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  UNIQUE (user_id, app_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_app ON grants (app_id, id);
CREATE INDEX grants_by_user ON grants (user_id, id);

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id),
  grant_id TEXT REFERENCES grants (id),
  app_id TEXT,
  scopes TEXT,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_user ON tokens (user_id, id);
CREATE INDEX tokens_by_grant ON tokens (grant_id, id) WHERE grant_id IS NOT NULL;

CREATE TABLE group_members (
  group_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id);

-- last_sequence: the number that the newest delivery of the hook has.
CREATE TABLE hooks (
  id TEXT PRIMARY KEY,
  owner_user_id TEXT REFERENCES users (id),
  owner_app_id TEXT REFERENCES apps (id),
  state TEXT NOT NULL,
  last_sequence INTEGER NOT NULL DEFAULT 0,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  secret_per TEXT NOT NULL,
  signature TEXT NOT NULL,
  verify_tls INTEGER NOT NULL,
  ca TEXT,
  ack_deadline_ms INTEGER NOT NULL,
  retries TEXT NOT NULL,
  in_flight_max INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  CHECK ((owner_user_id IS NULL) <> (owner_app_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX hooks_by_owner_user ON hooks (owner_user_id, id) WHERE owner_user_id IS NOT NULL;
CREATE INDEX hooks_by_owner_app ON hooks (owner_app_id, id) WHERE owner_app_id IS NOT NULL;

CREATE TABLE hook_secrets (
  hook_id TEXT NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  until_ms INTEGER,
  PRIMARY KEY (hook_id, version)
) STRICT, WITHOUT ROWID;

-- No row: version 1, which nobody ever rotated. Rows outlive the grant and the user, since a version that was
-- given up must not sign again when the user comes back.
CREATE TABLE user_secrets (
  hook_id TEXT NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  until_ms INTEGER,
  PRIMARY KEY (hook_id, user_id, version)
) STRICT, WITHOUT ROWID;

-- fingerprint, deliveries and unknown are the receipt. Pings have none.
CREATE TABLE events (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  action TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  fingerprint TEXT,
  deliveries INTEGER NOT NULL,
  unknown TEXT NOT NULL,
  receipt_keys TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX events_without_deliveries ON events (at_ms) WHERE deliveries = 0;

CREATE TABLE receipts (
  key TEXT PRIMARY KEY,
  event_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- lease is the fence: claiming raises it. A lease is next_at_ms moved forward; what is not claimable has none.
-- A ping has no sequence and no user. Owners are kept here because the record outlives the hook.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  hook_id TEXT NOT NULL,
  owner_user_id TEXT,
  owner_app_id TEXT,
  user_id TEXT,
  grant_id TEXT,
  sequence INTEGER,
  state TEXT NOT NULL,
  because TEXT,
  next_at_ms INTEGER,
  is_leased INTEGER NOT NULL,
  lease INTEGER NOT NULL,
  attempts_count INTEGER NOT NULL,
  last_status INTEGER,
  created_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (next_at_ms, hook_id, is_leased) WHERE next_at_ms IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (hook_id, next_at_ms) WHERE state = 'waiting';
CREATE INDEX deliveries_unhappy ON deliveries (state, id)
  WHERE state IN ('rejected', 'failed', 'expired', 'replaced', 'revoked');
CREATE INDEX deliveries_ended ON deliveries (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
CREATE INDEX deliveries_by_hook ON deliveries (hook_id, id);
CREATE INDEX deliveries_by_user ON deliveries (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX deliveries_by_owner_user ON deliveries (owner_user_id, id) WHERE owner_user_id IS NOT NULL;
CREATE INDEX deliveries_by_owner_app ON deliveries (owner_app_id, id) WHERE owner_app_id IS NOT NULL;
CREATE INDEX deliveries_by_event ON deliveries (event_id);
CREATE INDEX deliveries_by_type ON deliveries (type, id);
CREATE INDEX deliveries_by_status ON deliveries (last_status, id) WHERE last_status >= 300;

-- exchange comes last: lists do not read it, and so not the pages it spills to.
CREATE TABLE attempts (
  delivery_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER,
  guideline TEXT,
  first_byte_ms REAL,
  total_ms REAL NOT NULL,
  exchange TEXT,
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  state TEXT NOT NULL,
  held_until_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  answer BLOB,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at_ms);
CREATE INDEX idempotency_running ON idempotency (state) WHERE state = 'running';
`;
