/**
 * tried_before: how many of its attempts were made before its retry schedule began anew. redelivered_at_ms: since when it
 * waits, if somebody asked for it once more; replay_id: and with which replay.
 */
export const replays = `
ALTER TABLE deliveries ADD COLUMN tried_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN redelivered_at_ms INTEGER;
ALTER TABLE deliveries ADD COLUMN replay_id TEXT;
-- What a replay has made due and nobody has tried since.
CREATE INDEX deliveries_replayed ON deliveries (replay_id, hook_id)
  WHERE is_listed = 1 AND replay_id IS NOT NULL AND state = 'waiting' AND attempts_count = tried_before;

-- filter: JSON. next_at_ms: when its next step is (null: it is not running). hooks_through: its hooks up to this one
-- are found (null: all are). uncounted: lanes that are not counted yet.
CREATE TABLE replays (
  id TEXT PRIMARY KEY,
  reach_kind TEXT NOT NULL,
  reach_id TEXT NOT NULL,
  filter TEXT NOT NULL,
  state TEXT NOT NULL,
  per_s REAL,
  created_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  next_at_ms INTEGER,
  release_at_ms REAL NOT NULL,
  hooks_through TEXT,
  uncounted INTEGER NOT NULL,
  found INTEGER NOT NULL,
  done INTEGER NOT NULL,
  skipped INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX replays_by_owner ON replays (reach_kind, reach_id, id);
CREATE INDEX replays_open ON replays (reach_kind, reach_id) WHERE ended_at_ms IS NULL;
CREATE INDEX replays_next ON replays (next_at_ms, id) WHERE next_at_ms IS NOT NULL;
CREATE INDEX replays_ended ON replays (ended_at_ms) WHERE ended_at_ms IS NOT NULL;

-- How far a replay has come with each of its hooks; deleted when it is through.
CREATE TABLE replay_lanes (
  replay_id TEXT NOT NULL REFERENCES replays (id) ON DELETE CASCADE,
  hook_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  counted_through INTEGER NOT NULL,
  through INTEGER NOT NULL,
  found INTEGER NOT NULL,
  handled INTEGER NOT NULL,
  next_at_ms INTEGER NOT NULL,
  PRIMARY KEY (replay_id, hook_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX replay_lanes_next ON replay_lanes (replay_id, next_at_ms, hook_id);
`;
