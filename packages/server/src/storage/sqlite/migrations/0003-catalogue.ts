/**
 * stamp: rises with each change of any type. A deleted type keeps its row and its versions: the next version of that
 * type is another one. definition: JSON.
 */
export const catalogue = `
CREATE TABLE event_types (
  type TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  is_live INTEGER NOT NULL,
  stamp INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE INDEX event_types_live ON event_types (type) WHERE is_live = 1;

CREATE TABLE event_type_versions (
  type TEXT NOT NULL,
  version INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  definition TEXT NOT NULL,
  PRIMARY KEY (type, version)
) STRICT;
`;
