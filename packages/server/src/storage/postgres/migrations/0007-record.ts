/**
 * The record: the stages of each attempt, indexes for every way in which deliveries are searched, and payloads that end
 * before their records do.
 */
export const record = `
ALTER TABLE attempts
  ADD COLUMN dns_ms double precision,
  ADD COLUMN connect_ms double precision,
  ADD COLUMN tls_ms double precision;

-- Few have any other answer than 200, so a rare one leads to few rows. What ended badly, and bad answers, are found by
-- hook, app and type at once: both may be many where what meets both is little (docs/decisions/0011).
DROP INDEX deliveries_by_status;
CREATE INDEX deliveries_by_status ON deliveries (last_status, id) WHERE last_status <> 200;
CREATE INDEX deliveries_waiting_by_id ON deliveries (id) WHERE state = 'waiting';
CREATE INDEX deliveries_unhappy_by_hook ON deliveries (hook_id, state, id)
  WHERE state IN ('rejected', 'failed', 'expired', 'replaced', 'revoked');
CREATE INDEX deliveries_unhappy_by_app ON deliveries (owner_app_id, state, id)
  WHERE state IN ('rejected', 'failed', 'expired', 'replaced', 'revoked') AND owner_app_id IS NOT NULL;
CREATE INDEX deliveries_unhappy_by_type ON deliveries (type, state, id)
  WHERE state IN ('rejected', 'failed', 'expired', 'replaced', 'revoked');
CREATE INDEX deliveries_refused_by_hook ON deliveries (hook_id, last_status, id) WHERE last_status >= 300;
CREATE INDEX deliveries_refused_by_app ON deliveries (owner_app_id, last_status, id)
  WHERE last_status >= 300 AND owner_app_id IS NOT NULL;

-- True: what was sent in it and answered is gone, and its event's data is nothing to it.
ALTER TABLE deliveries ADD COLUMN payload_gone boolean NOT NULL DEFAULT false;
-- Data that are gone are an empty text. Nobody reads those of an event that no hook wanted.
UPDATE events SET data = '', sensitive = NULL WHERE deliveries = 0;

-- In the order in which payloads end; those of what ended up to this row's place are gone.
DROP INDEX deliveries_ended;
CREATE INDEX deliveries_ended ON deliveries (ended_at_ms, id) WHERE ended_at_ms IS NOT NULL;
CREATE TABLE payloads_through (
  at_ms bigint NOT NULL,
  id text COLLATE "C" NOT NULL
);
INSERT INTO payloads_through (at_ms, id) VALUES (0, '');

-- through_id: of the last delivery that it has come to. ended_at_ms: null while it goes on.
CREATE TABLE erasures (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  before_id text COLLATE "C" NOT NULL,
  through_id text COLLATE "C" NOT NULL,
  events integer NOT NULL,
  deliveries integer NOT NULL,
  attempts integer NOT NULL,
  started_at_ms bigint NOT NULL,
  ended_at_ms bigint
);
CREATE INDEX erasures_underway ON erasures (id) WHERE ended_at_ms IS NULL;
`;
