-- name: InsertFlow :execrows
INSERT INTO flow (id, client_id, redirect_uri, challenge, request, browser_hash, sealed, version, subject, session, created_at, expires_at,
    done_at, outcome, code_hash, code_expires_at, redeemed_at, grant_id)
VALUES (@id, @client_id, @redirect_uri, @challenge, @request, @browser_hash, @sealed, @version, @subject, @session, @created_at, @expires_at,
    @done_at, @outcome, @code_hash, @code_expires_at, @redeemed_at, '')
ON CONFLICT DO NOTHING;

-- name: Flow :one
SELECT id, request, browser_hash, sealed, version, subject, created_at, expires_at, done_at, outcome, code_hash, code_expires_at, redeemed_at
FROM flow
WHERE id = @id;

-- The guard waits for a transaction that is changing the counter and then sees its change: without the lock, as many guesses as
-- there are connections would be tried against one count.
-- name: CommitFlow :execrows
UPDATE flow
SET sealed = @sealed, subject = @subject, session = @session, expires_at = @expires_at, done_at = @done_at, outcome = @outcome,
    code_hash = @code_hash, code_expires_at = @code_expires_at, version = flow.version + 1
WHERE flow.id = @id AND flow.version = @version
  AND (CAST(@guard_key AS TEXT) = ''
    OR EXISTS (SELECT 1 FROM throttle AS t WHERE t.key = @guard_key AND t.version = @guard_version FOR SHARE));

-- name: PruneFlows :execrows
DELETE FROM flow
WHERE id IN (SELECT f.id FROM flow AS f WHERE f.expires_at < @before ORDER BY f.expires_at LIMIT CAST(@row_limit AS BIGINT) FOR UPDATE SKIP LOCKED);
