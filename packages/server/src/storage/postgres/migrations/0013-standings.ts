/**
 * What somebody may still do, one row a subject (`user:ada`); and what was changed, kept for good. `before` and `after` are
 * standings in JSON.
 */
export const standings = `
CREATE TABLE standings (
  subject text COLLATE "C" PRIMARY KEY,
  state text NOT NULL,
  reason text NOT NULL,
  evidence_url text,
  since_ms bigint NOT NULL,
  until_ms bigint
);

CREATE TABLE audit (
  sequence bigint PRIMARY KEY,
  at_ms bigint NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  before text,
  after text
);
`;
