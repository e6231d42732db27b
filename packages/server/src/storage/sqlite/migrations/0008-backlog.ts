/**
 * What a backlog tells of itself is read from one index, without a look at the rows. Few deliveries ever enter it: most
 * have ended before they are listed.
 */
export const backlog = `
DROP INDEX deliveries_waiting;
CREATE INDEX deliveries_waiting ON deliveries (hook_id, sequence, bytes, because, created_at_ms)
  WHERE is_listed = 1 AND state = 'waiting';
CREATE INDEX hooks_by_state ON hooks (state);
`;
