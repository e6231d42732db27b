/** A hook's health. */
export const health = `
-- Since when no attempt was answered well, how the first of them ended, and when the owner was told. Null: sound.
ALTER TABLE hooks
  ADD COLUMN failing_since_ms bigint,
  ADD COLUMN failing_outcome text,
  ADD COLUMN failing_status integer,
  ADD COLUMN failing_told_at_ms bigint,
  ADD COLUMN paused_because text,
  DROP COLUMN held_because;
UPDATE hooks SET paused_because = 'asked' WHERE state = 'paused';
CREATE INDEX hooks_untold ON hooks (failing_since_ms)
  WHERE state = 'active' AND failing_since_ms IS NOT NULL AND failing_told_at_ms IS NULL;
CREATE INDEX hooks_told ON hooks (failing_told_at_ms) WHERE state = 'active' AND failing_told_at_ms IS NOT NULL;

-- Kept once, and released: it is sent at the pace of those that recover.
ALTER TABLE deliveries ADD COLUMN is_released boolean NOT NULL DEFAULT false;
`;
