/**
 * What somebody may still do, one row a subject (`user:ada`); and what was changed, kept for good. `before` and `after` are
 * standings in JSON.
 */
export const standings = `
CREATE TABLE standings (
  subject TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  evidence_url TEXT,
  since_ms INTEGER NOT NULL,
  until_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT,
  after TEXT
) STRICT;
`;
