/**
 * The way out, whole: what hooks filter, keep and pace; what of an event they see; and deliveries whose indexes trail
 * behind. A delivery is written twice before most of them end, so it is first stored without indexes (`is_listed` 0) and
 * taken into them in bulk (`listing.ts`): by then most have ended and never enter those of what waits.
 * Leases are in memory (`leases.ts`): one process owns the file, and when it starts nobody has one.
 */
export const wayOut = `
ALTER TABLE hooks ADD COLUMN filter TEXT NOT NULL DEFAULT '[]';
ALTER TABLE hooks ADD COLUMN include TEXT;
ALTER TABLE hooks ADD COLUMN serial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hooks ADD COLUMN host TEXT NOT NULL DEFAULT '';
-- From when on what was kept is released, and how many a second (null: as fast as it goes). Null: nothing is.
ALTER TABLE hooks ADD COLUMN released_at_ms REAL;
ALTER TABLE hooks ADD COLUMN release_per_s REAL;
UPDATE hooks SET host = (
  SELECT substr(rest, 1, instr(rest || '/', '/') - 1)
  FROM (SELECT replace(replace(substr(lower(url), instr(url, '://') + 3), '?', '/'), ':', '/') AS rest)
);
CREATE INDEX hooks_pending ON hooks (host) WHERE state = 'pending';
CREATE INDEX hooks_releasing ON hooks (id) WHERE released_at_ms IS NOT NULL;

-- The number that the newest delivery of a hook has. It changes with every event, so its rows are few bytes: those of
-- a thousand hooks lie on three pages.
CREATE TABLE sequences (key INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;
ALTER TABLE hooks ADD COLUMN sequence_key INTEGER;
UPDATE hooks SET sequence_key = (SELECT count(*) FROM hooks AS earlier WHERE earlier.id <= hooks.id);
INSERT INTO sequences (key, last) SELECT sequence_key, last_sequence FROM hooks;
ALTER TABLE hooks DROP COLUMN last_sequence;

-- A member is reachable if it has a hook of its own or a grant: an event for the group looks at nobody else.
ALTER TABLE group_members ADD COLUMN is_reachable INTEGER NOT NULL DEFAULT 0;
UPDATE group_members SET is_reachable = 1
  WHERE user_id IN (SELECT owner_user_id FROM hooks WHERE owner_user_id IS NOT NULL)
    OR user_id IN (SELECT user_id FROM grants);
CREATE INDEX group_members_reachable ON group_members (group_id, user_id) WHERE is_reachable = 1;

ALTER TABLE events ADD COLUMN sensitive TEXT;
ALTER TABLE events ADD COLUMN trace TEXT;

-- listed_through: the newest delivery that is in the indexes. starts: how often the engine has been started.
CREATE TABLE engine (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  listed_through INTEGER NOT NULL,
  starts INTEGER NOT NULL
) STRICT;

ALTER TABLE deliveries RENAME TO deliveries_1;
CREATE TABLE deliveries (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
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
  attempts_count INTEGER NOT NULL,
  last_status INTEGER,
  created_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  expires_at_ms INTEGER,
  replace_key TEXT,
  bytes INTEGER NOT NULL,
  view TEXT,
  is_listed INTEGER NOT NULL
) STRICT;
INSERT INTO deliveries (id, event_id, type, hook_id, owner_user_id, owner_app_id, user_id, grant_id, sequence, state,
    because, next_at_ms, attempts_count, last_status, created_at_ms, ended_at_ms, bytes, is_listed)
  SELECT d.id, event_id, d.type, hook_id, owner_user_id, owner_app_id, user_id, grant_id, sequence, state,
    because, next_at_ms, attempts_count, last_status, created_at_ms, ended_at_ms, coalesce(length(e.data), 0), 1
  FROM deliveries_1 d LEFT JOIN events e ON e.id = d.event_id ORDER BY d.id;
DROP TABLE deliveries_1;
INSERT INTO engine (id, listed_through, starts) SELECT 1, coalesce(max(key), 0), 0 FROM deliveries;

CREATE INDEX deliveries_by_id ON deliveries (id) WHERE is_listed = 1;
CREATE INDEX deliveries_by_hook ON deliveries (hook_id, id) WHERE is_listed = 1;
-- What concerns a user is found by two indexes, so that each delivery is in one of them.
CREATE INDEX deliveries_by_user ON deliveries (user_id, id)
  WHERE is_listed = 1 AND owner_app_id IS NOT NULL AND user_id IS NOT NULL;
CREATE INDEX deliveries_by_owner_user ON deliveries (owner_user_id, id)
  WHERE is_listed = 1 AND owner_user_id IS NOT NULL;
CREATE INDEX deliveries_by_owner_app ON deliveries (owner_app_id, id) WHERE is_listed = 1 AND owner_app_id IS NOT NULL;
CREATE INDEX deliveries_by_event ON deliveries (event_id, id) WHERE is_listed = 1;
CREATE INDEX deliveries_by_type ON deliveries (type, id) WHERE is_listed = 1;
CREATE INDEX deliveries_by_status ON deliveries (last_status, id) WHERE is_listed = 1 AND last_status >= 300;
CREATE INDEX deliveries_by_state ON deliveries (state, id) WHERE is_listed = 1 AND state <> 'delivered';
CREATE INDEX deliveries_ended ON deliveries (ended_at_ms) WHERE is_listed = 1 AND ended_at_ms IS NOT NULL;

-- What waits. Due: it has a time. Kept: it has none, since its hook does not deliver or its turn has not come.
CREATE INDEX deliveries_due ON deliveries (hook_id, attempts_count > 0, next_at_ms, id)
  WHERE is_listed = 1 AND next_at_ms IS NOT NULL;
CREATE INDEX deliveries_kept ON deliveries (hook_id, sequence)
  WHERE is_listed = 1 AND state = 'waiting' AND next_at_ms IS NULL;
CREATE INDEX deliveries_waiting ON deliveries (hook_id, sequence, bytes) WHERE is_listed = 1 AND state = 'waiting';
CREATE INDEX deliveries_waiting_by_user ON deliveries (user_id, grant_id)
  WHERE is_listed = 1 AND state = 'waiting' AND user_id IS NOT NULL;
CREATE INDEX deliveries_expiring ON deliveries (expires_at_ms)
  WHERE is_listed = 1 AND state = 'waiting' AND expires_at_ms IS NOT NULL;
CREATE INDEX deliveries_replaceable ON deliveries (hook_id, replace_key)
  WHERE is_listed = 1 AND state = 'waiting' AND replace_key IS NOT NULL;

-- key: that of the delivery times 4 096, and the number: one tree to write to, and a delivery's attempts lie together.
-- exchange may be long and is not read by lists, so it comes last.
ALTER TABLE attempts RENAME TO attempts_1;
CREATE TABLE attempts (
  key INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER,
  guideline TEXT,
  first_byte_ms REAL,
  total_ms REAL NOT NULL,
  exchange TEXT
) STRICT;
INSERT INTO attempts (key, at_ms, outcome, status, guideline, first_byte_ms, total_ms, exchange)
  SELECT d.key * 4096 + number, at_ms, outcome, status, guideline, first_byte_ms, total_ms, exchange
  FROM attempts_1 a JOIN deliveries d ON d.id = a.delivery_id;
DROP TABLE attempts_1;
`;
