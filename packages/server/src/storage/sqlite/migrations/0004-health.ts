/**
 * A hook's health, and a release that is paced as in the other engine: `release_at_ms` is when the next delivery may go,
 * where `released_at_ms` was when the last one did.
 */
export const health = `
-- Since when no attempt was answered well, how the first of them ended, and when the owner was told. Null: sound.
ALTER TABLE hooks ADD COLUMN failing_since_ms INTEGER;
ALTER TABLE hooks ADD COLUMN failing_outcome TEXT;
ALTER TABLE hooks ADD COLUMN failing_status INTEGER;
ALTER TABLE hooks ADD COLUMN failing_told_at_ms INTEGER;
ALTER TABLE hooks ADD COLUMN paused_because TEXT;
UPDATE hooks SET paused_because = 'asked' WHERE state = 'paused';
CREATE INDEX hooks_untold ON hooks (failing_since_ms)
  WHERE state = 'active' AND failing_since_ms IS NOT NULL AND failing_told_at_ms IS NULL;
CREATE INDEX hooks_told ON hooks (failing_told_at_ms) WHERE state = 'active' AND failing_told_at_ms IS NOT NULL;

DROP INDEX hooks_releasing;
ALTER TABLE hooks RENAME COLUMN released_at_ms TO release_at_ms;
UPDATE hooks SET release_at_ms = release_at_ms + 1000 / release_per_s WHERE release_per_s IS NOT NULL;
CREATE INDEX hooks_releasing ON hooks (release_at_ms, id) WHERE release_at_ms IS NOT NULL;

-- Kept once, and released: it is sent at the pace of those that recover.
ALTER TABLE deliveries ADD COLUMN is_released INTEGER NOT NULL DEFAULT 0;
`;
