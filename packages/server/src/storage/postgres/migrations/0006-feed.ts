/**
 * The catch-up feed reads by number. delivered_by: `feed` where the receiver read it there and said so; null where it was
 * posted. is_test: 1 if the event is an example that an integrator asked for.
 */
export const feed = `
CREATE INDEX deliveries_by_sequence ON deliveries (hook_id, sequence) WHERE sequence IS NOT NULL;
ALTER TABLE deliveries ADD COLUMN delivered_by text;
ALTER TABLE events ADD COLUMN is_test smallint;
`;
