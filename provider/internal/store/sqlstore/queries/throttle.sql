-- name: Counters :many
SELECT key, failures, blocks, failed_at, blocked_until, version
FROM throttle
WHERE key IN (@k1, @k2, @k3, @k4);

-- name: PutFirstCounter :execrows
INSERT INTO throttle (key, failures, blocks, since, failed_at, blocked_until, version)
VALUES (@key, @failures, @blocks, @failed_at, @failed_at, @blocked_until, 1)
ON CONFLICT (key) DO UPDATE
SET failures = excluded.failures, blocks = excluded.blocks, since = excluded.since, failed_at = excluded.failed_at,
    blocked_until = excluded.blocked_until, version = 1
WHERE throttle.version = 0;

-- name: PutCounter :execrows
UPDATE throttle
SET failures = @failures, blocks = @blocks, failed_at = @failed_at, blocked_until = @blocked_until, version = version + 1
WHERE key = @key AND version = @version;

-- A counter nobody has touched yet, for a guard to lock.
-- name: AnchorCounter :execrows
INSERT INTO throttle (key, failures, blocks, since, failed_at, blocked_until, version)
VALUES (@key, 0, 0, 0, @at, 0, 0)
ON CONFLICT DO NOTHING;

-- The window is fixed from its first failure: one that moved with each failure would never end behind a shared address.
-- name: AddFailure :execrows
INSERT INTO throttle (key, failures, blocks, since, failed_at, blocked_until, version)
VALUES (@key, 1, 0, @at, @at, 0, 1)
ON CONFLICT (key) DO UPDATE
SET failures = CASE WHEN throttle.since <= @window_start THEN 1 ELSE throttle.failures + 1 END,
    since = CASE WHEN throttle.since <= @window_start THEN excluded.since ELSE throttle.since END,
    failed_at = excluded.failed_at,
    version = throttle.version + 1;

-- name: PruneCounters :execrows
DELETE FROM throttle WHERE failed_at < @before AND blocked_until < @before;
