/**
 * Times are milliseconds since 1970. Ids sort as bytes whatever the database's language is (COLLATE "C"). Lists in
 * JSON are never searched by SQL. Only accounts have foreign keys: events and deliveries are written too often to
 * be checked, and one verb writes each of them.
 */
export const first = `
CREATE TABLE users (
  id text COLLATE "C" PRIMARY KEY,
  name text,
  email text,
  created_at_ms bigint NOT NULL
);

CREATE TABLE apps (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  owner text COLLATE "C" REFERENCES users (id) ON DELETE SET NULL,
  contact text,
  client_id text COLLATE "C" NOT NULL UNIQUE,
  client_secret_hash bytea NOT NULL,
  created_at_ms bigint NOT NULL
);
CREATE INDEX apps_by_owner ON apps (owner) WHERE owner IS NOT NULL;

-- A row is a live grant; revoking deletes it.
CREATE TABLE grants (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id),
  app_id text COLLATE "C" NOT NULL REFERENCES apps (id),
  scopes text NOT NULL,
  created_at_ms bigint NOT NULL,
  UNIQUE (user_id, app_id)
);
CREATE INDEX grants_by_app ON grants (app_id, id);
CREATE INDEX grants_by_user ON grants (user_id, id);

CREATE TABLE tokens (
  id text COLLATE "C" PRIMARY KEY,
  hash bytea NOT NULL UNIQUE,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id),
  grant_id text COLLATE "C" REFERENCES grants (id),
  app_id text COLLATE "C",
  scopes text,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint
);
CREATE INDEX tokens_by_user ON tokens (user_id, id);
CREATE INDEX tokens_by_grant ON tokens (grant_id, id) WHERE grant_id IS NOT NULL;

CREATE TABLE group_members (
  group_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_by_user ON group_members (user_id);

-- last_sequence: the number that the newest delivery of the hook has. It changes with every event, so there is room
-- on the page for the next version of the row, and the indexes stay untouched.
CREATE TABLE hooks (
  id text COLLATE "C" PRIMARY KEY,
  owner_user_id text COLLATE "C" REFERENCES users (id),
  owner_app_id text COLLATE "C" REFERENCES apps (id),
  state text NOT NULL,
  last_sequence bigint NOT NULL DEFAULT 0,
  url text NOT NULL,
  events text[] NOT NULL,
  secret_per text NOT NULL,
  signature text NOT NULL,
  verify_tls boolean NOT NULL,
  ca text,
  ack_deadline_ms integer NOT NULL,
  retries text NOT NULL,
  in_flight_max integer NOT NULL,
  created_at_ms bigint NOT NULL,
  CHECK ((owner_user_id IS NULL) <> (owner_app_id IS NULL))
) WITH (fillfactor = 50);
CREATE INDEX hooks_by_owner_user ON hooks (owner_user_id, id) WHERE owner_user_id IS NOT NULL;
CREATE INDEX hooks_by_owner_app ON hooks (owner_app_id, id) WHERE owner_app_id IS NOT NULL;

CREATE TABLE hook_secrets (
  hook_id text COLLATE "C" NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
  version integer NOT NULL,
  sealed bytea NOT NULL,
  until_ms bigint,
  PRIMARY KEY (hook_id, version)
);

-- No row: version 1, which nobody ever rotated. Rows outlive the grant and the user, since a version that was
-- given up must not sign again when the user comes back.
CREATE TABLE user_secrets (
  hook_id text COLLATE "C" NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
  user_id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  until_ms bigint,
  PRIMARY KEY (hook_id, user_id, version)
);

-- fingerprint, deliveries and unknown are the receipt. Pings have none.
CREATE TABLE events (
  id text COLLATE "C" PRIMARY KEY,
  type text NOT NULL,
  action text NOT NULL,
  at_ms bigint NOT NULL,
  fingerprint text,
  deliveries integer NOT NULL,
  unknown text NOT NULL,
  receipt_keys text NOT NULL,
  data text NOT NULL
);
CREATE INDEX events_without_deliveries ON events (at_ms) WHERE deliveries = 0;

CREATE TABLE receipts (
  key text COLLATE "C" PRIMARY KEY,
  event_id text COLLATE "C" NOT NULL
);

-- lease is the fence: claiming raises it. A lease is next_at_ms moved forward; what is not claimable has none.
-- A ping has no sequence and no user. Owners are kept here because the record outlives the hook.
CREATE TABLE deliveries (
  id text COLLATE "C" PRIMARY KEY,
  event_id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  hook_id text COLLATE "C" NOT NULL,
  owner_user_id text COLLATE "C",
  owner_app_id text COLLATE "C",
  user_id text COLLATE "C",
  grant_id text COLLATE "C",
  sequence bigint,
  state text COLLATE "C" NOT NULL,
  because text,
  next_at_ms bigint,
  is_leased boolean NOT NULL,
  lease integer NOT NULL,
  attempts_count integer NOT NULL,
  last_status integer,
  created_at_ms bigint NOT NULL,
  ended_at_ms bigint
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX deliveries_due ON deliveries (next_at_ms, id) WHERE next_at_ms IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (hook_id, next_at_ms) WHERE state = 'waiting';
CREATE INDEX deliveries_waiting_by_user ON deliveries (user_id) WHERE state = 'waiting' AND user_id IS NOT NULL;
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

CREATE TABLE attempts (
  delivery_id text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  at_ms bigint NOT NULL,
  outcome text NOT NULL,
  status integer,
  guideline text,
  first_byte_ms double precision,
  total_ms double precision NOT NULL,
  exchange text,
  PRIMARY KEY (delivery_id, number)
);

CREATE TABLE settings (
  name text COLLATE "C" PRIMARY KEY,
  value bytea NOT NULL
);

CREATE TABLE idempotency (
  scope text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint text NOT NULL,
  held_until_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  answer bytea,
  PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at_ms);
`;
