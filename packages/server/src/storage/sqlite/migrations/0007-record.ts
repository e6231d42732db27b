/**
 * The record: the stages of each attempt, indexes for every way in which deliveries are searched, and payloads that end
 * before their records do.
 */
export const record = `
-- exchange comes last (0002), so what is new does not simply come behind it.
ALTER TABLE attempts RENAME TO attempts_2;
CREATE TABLE attempts (
  key INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER,
  guideline TEXT,
  dns_ms REAL,
  connect_ms REAL,
  tls_ms REAL,
  first_byte_ms REAL,
  total_ms REAL NOT NULL,
  exchange TEXT
) STRICT;
INSERT INTO attempts (key, at_ms, outcome, status, guideline, first_byte_ms, total_ms, exchange)
  SELECT key, at_ms, outcome, status, guideline, first_byte_ms, total_ms, exchange FROM attempts_2;
DROP TABLE attempts_2;

-- Few have any other answer than 200, so a rare one leads to few rows. What ended badly, and bad answers, are found by
-- hook, app and type at once: both may be many where what meets both is little (docs/decisions/0011).
DROP INDEX deliveries_by_status;
CREATE INDEX deliveries_by_status ON deliveries (last_status, id) WHERE is_listed = 1 AND last_status <> 200;
CREATE INDEX deliveries_unhappy_by_hook ON deliveries (hook_id, state, id)
  WHERE is_listed = 1 AND state NOT IN ('delivered', 'waiting');
CREATE INDEX deliveries_unhappy_by_app ON deliveries (owner_app_id, state, id)
  WHERE is_listed = 1 AND state NOT IN ('delivered', 'waiting') AND owner_app_id IS NOT NULL;
CREATE INDEX deliveries_unhappy_by_type ON deliveries (type, state, id)
  WHERE is_listed = 1 AND state NOT IN ('delivered', 'waiting');
CREATE INDEX deliveries_refused_by_hook ON deliveries (hook_id, last_status, id)
  WHERE is_listed = 1 AND last_status >= 300;
CREATE INDEX deliveries_refused_by_app ON deliveries (owner_app_id, last_status, id)
  WHERE is_listed = 1 AND last_status >= 300 AND owner_app_id IS NOT NULL;

-- 1: what was sent in it and answered is gone, and its event's data is nothing to it; else null.
ALTER TABLE deliveries ADD COLUMN payload_gone INTEGER;
-- Data that are gone are an empty text. Nobody reads those of an event that no hook wanted.
UPDATE events SET data = '', sensitive = NULL WHERE deliveries = 0;

-- Payloads of what ended up to here (and of those that ended in that very millisecond, up to that key) are gone.
ALTER TABLE engine ADD COLUMN payloads_through_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine ADD COLUMN payloads_through_key INTEGER NOT NULL DEFAULT 0;

-- through_id: of the last delivery that it has come to. ended_at_ms: null while it goes on.
CREATE TABLE erasures (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  before_id TEXT NOT NULL,
  through_id TEXT NOT NULL,
  events INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_underway ON erasures (id) WHERE ended_at_ms IS NULL;
`;
