/**
 * tried_before: how many of its attempts were made before its retry schedule began anew. redelivered_at_ms: since when it
 * waits, if somebody asked for it once more; replay_id: and with which replay.
 */
export const replays = `
ALTER TABLE deliveries
  ADD COLUMN tried_before integer NOT NULL DEFAULT 0,
  ADD COLUMN redelivered_at_ms bigint,
  ADD COLUMN replay_id text COLLATE "C";
-- What a replay has made due and nobody has tried since.
CREATE INDEX deliveries_replayed ON deliveries (replay_id, hook_id)
  WHERE replay_id IS NOT NULL AND state = 'waiting' AND attempts_count = tried_before;

-- filter: JSON. next_at_ms: when its next step is (null: it is not running). hooks_through: its hooks up to this one
-- are found (null: all are). uncounted: lanes that are not counted yet.
CREATE TABLE replays (
  id text COLLATE "C" PRIMARY KEY,
  reach_kind text COLLATE "C" NOT NULL,
  reach_id text COLLATE "C" NOT NULL,
  filter text NOT NULL,
  state text COLLATE "C" NOT NULL,
  per_s double precision,
  created_at_ms bigint NOT NULL,
  ended_at_ms bigint,
  next_at_ms bigint,
  release_at_ms double precision NOT NULL,
  hooks_through text COLLATE "C",
  uncounted integer NOT NULL,
  found bigint NOT NULL,
  done bigint NOT NULL,
  skipped bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX replays_by_owner ON replays (reach_kind, reach_id, id);
CREATE INDEX replays_open ON replays (reach_kind, reach_id) WHERE ended_at_ms IS NULL;
CREATE INDEX replays_next ON replays (next_at_ms, id) WHERE next_at_ms IS NOT NULL;
CREATE INDEX replays_ended ON replays (ended_at_ms) WHERE ended_at_ms IS NOT NULL;

-- How far a replay has come with each of its hooks; deleted when it is through.
CREATE TABLE replay_lanes (
  replay_id text COLLATE "C" NOT NULL REFERENCES replays (id) ON DELETE CASCADE,
  hook_id text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  counted_through bigint NOT NULL,
  through bigint NOT NULL,
  found bigint NOT NULL,
  handled bigint NOT NULL,
  next_at_ms bigint NOT NULL,
  PRIMARY KEY (replay_id, hook_id)
) WITH (fillfactor = 50);
CREATE INDEX replay_lanes_next ON replay_lanes (replay_id, next_at_ms, hook_id);
`;
