/**
 * The way out, whole. What a hook that does not deliver keeps is not marked delivery by delivery any more: each belongs
 * to a round of its hook, and what is of an earlier round is kept. So to pause a hook, or to make it active, is one
 * write, however much waits for it.
 */
export const wayOut = `
-- round: raised whenever the hook becomes active. Waiting deliveries of earlier rounds, up to held_through, are
-- released (get the hook's round) in the order of their numbers; those up to released_through have been.
-- release_at_ms: when the next of them may be. held_because: why they were kept.
ALTER TABLE hooks
  ADD COLUMN filter text NOT NULL DEFAULT '[]',
  ADD COLUMN include text,
  ADD COLUMN serial boolean NOT NULL DEFAULT false,
  ADD COLUMN host text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN round integer NOT NULL DEFAULT 0,
  ADD COLUMN held_because text,
  ADD COLUMN held_through bigint,
  ADD COLUMN released_through bigint,
  ADD COLUMN release_per_s double precision,
  ADD COLUMN release_at_ms double precision;
UPDATE hooks SET host = lower(coalesce(substring(url FROM '^[a-zA-Z]+://(\\[[^\\]]*\\]|[^:/?#]*)'), ''));
CREATE INDEX hooks_pending ON hooks (host) WHERE state = 'pending';
CREATE INDEX hooks_releasing ON hooks (release_at_ms, id) WHERE state = 'active' AND held_through IS NOT NULL;

-- Whose turn it is: no claimable delivery of the hook is due earlier than this says (null: none is claimable). Apart from
-- hooks, whose row changes with every event.
CREATE TABLE turns (
  hook_id text COLLATE "C" PRIMARY KEY REFERENCES hooks (id) ON DELETE CASCADE,
  first_at_ms bigint,
  retry_at_ms bigint
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX turns_first ON turns (first_at_ms, hook_id) WHERE first_at_ms IS NOT NULL;
CREATE INDEX turns_retry ON turns (retry_at_ms, hook_id) WHERE retry_at_ms IS NOT NULL;
INSERT INTO turns (hook_id, first_at_ms, retry_at_ms) SELECT id, 0, 0 FROM hooks;

ALTER TABLE events ADD COLUMN sensitive text, ADD COLUMN trace text;

ALTER TABLE deliveries
  ADD COLUMN round integer NOT NULL DEFAULT 0,
  ADD COLUMN key text COLLATE "C",
  ADD COLUMN expires_at_ms bigint,
  ADD COLUMN view text,
  ADD COLUMN data_bytes integer NOT NULL DEFAULT 0;
UPDATE deliveries SET data_bytes = octet_length(events.data) FROM events
  WHERE events.id = deliveries.event_id AND state = 'waiting';
UPDATE deliveries SET next_at_ms = created_at_ms, because = CASE WHEN attempts_count > 0 THEN 'retry' ELSE 'due' END
  WHERE state = 'waiting' AND next_at_ms IS NULL;

DROP INDEX deliveries_due;
DROP INDEX deliveries_waiting;
-- What can be claimed of an active hook, never tried and tried.
CREATE INDEX deliveries_first ON deliveries (hook_id, round, next_at_ms, sequence)
  WHERE state = 'waiting' AND NOT is_leased AND attempts_count = 0;
CREATE INDEX deliveries_retries ON deliveries (hook_id, round, next_at_ms, sequence)
  WHERE state = 'waiting' AND NOT is_leased AND attempts_count > 0;
CREATE INDEX deliveries_line ON deliveries (hook_id, is_leased, sequence) WHERE state = 'waiting';
CREATE INDEX deliveries_leased ON deliveries (next_at_ms) WHERE state = 'waiting' AND is_leased;
CREATE INDEX deliveries_by_key ON deliveries (hook_id, user_id, key) WHERE state = 'waiting' AND key IS NOT NULL;
CREATE INDEX deliveries_expiring ON deliveries (expires_at_ms) WHERE state = 'waiting' AND expires_at_ms IS NOT NULL;

-- Whether the member has a hook of its own or a grant: an event for the group looks at nobody else.
ALTER TABLE group_members ADD COLUMN is_reachable boolean NOT NULL DEFAULT false;
UPDATE group_members SET is_reachable = true
  WHERE EXISTS (SELECT FROM hooks WHERE owner_user_id = user_id) OR EXISTS (SELECT FROM grants WHERE grants.user_id = group_members.user_id);
CREATE INDEX group_members_reachable ON group_members (group_id, user_id) WHERE is_reachable;
`;
