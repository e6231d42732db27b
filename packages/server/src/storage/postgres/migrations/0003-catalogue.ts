/**
 * stamp: rises with each change of any type. A deleted type keeps its row and its versions: the next version of that
 * type is another one. definition: JSON.
 */
export const catalogue = `
CREATE TABLE event_types (
  type text COLLATE "C" PRIMARY KEY,
  version integer NOT NULL,
  is_live boolean NOT NULL,
  stamp bigint NOT NULL UNIQUE
);
CREATE INDEX event_types_live ON event_types (type) WHERE is_live;

CREATE TABLE event_type_versions (
  type text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  at_ms bigint NOT NULL,
  fingerprint text NOT NULL,
  definition text NOT NULL,
  PRIMARY KEY (type, version)
);
`;
