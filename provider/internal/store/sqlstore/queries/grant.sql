-- First in its transaction. Everything a code is bound to stands in the WHERE, so that a mismatch changes nothing and a hundred
-- racers get one row between them. Here and in Rotate the sub-selects are scalar: PostgreSQL would answer an EXISTS inside OR by hashing
-- the whole table of sessions.
-- name: RedeemCode :one
UPDATE flow
SET redeemed_at = @now, grant_id = @grant_id
WHERE flow.id = @id AND code_hash = @code_hash AND client_id = @client_id AND redirect_uri = @redirect_uri AND challenge = @challenge
  AND redeemed_at = 0 AND code_expires_at > @now
  AND (session = '' OR (SELECT s.expires_at FROM op_session AS s WHERE s.id = flow.session AND s.ended_at = 0) > @now)
  AND (SELECT p.status FROM subscriber AS p WHERE p.id = flow.subject) = 'active'
RETURNING outcome,
    CAST(COALESCE((SELECT p.cooling_until FROM subscriber AS p WHERE p.id = flow.subject), 0) AS BIGINT) AS cooling_until,
    CAST(COALESCE((SELECT p.cooling_reason FROM subscriber AS p WHERE p.id = flow.subject), '') AS TEXT) AS cooling_reason;

-- name: RedeemedGrant :one
SELECT grant_id FROM flow WHERE id = @id AND code_hash = @code_hash AND redeemed_at > 0;

-- Sent with what follows it in a transaction: a taken id is an error, because the number of rows is not known by then.
-- name: InsertGrant :exec
INSERT INTO token_grant (id, client_id, subject, session, flow, scopes, audience, acr, amr, auth_time, nonce, offline, generation,
    created_at, expires_at, revoked_at)
VALUES (@id, @client_id, @subject, @session, @flow, @scopes, @audience, @acr, @amr, @auth_time, @nonce, @offline, @generation,
    @created_at, @expires_at, @revoked_at);

-- A grant that is not offline was revoked when its session ended; one whose session is gone counts as revoked from the start.
-- name: Grant :one
SELECT g.id, g.client_id, g.subject, g.session, g.flow, g.scopes, g.audience, g.acr, g.amr, g.auth_time, g.nonce, g.offline, g.generation,
    g.created_at, g.expires_at,
    CAST(CASE WHEN g.revoked_at > 0 OR g.offline OR g.session = '' THEN g.revoked_at ELSE COALESCE(s.ended_at, g.created_at) END AS BIGINT) AS revoked_at
FROM token_grant AS g
LEFT JOIN op_session AS s ON s.id = g.session
WHERE g.id = @id;

-- name: Rotate :one
UPDATE token_grant
SET generation = generation + 1
WHERE token_grant.id = @id AND client_id = @client_id AND generation = @generation AND revoked_at = 0
  AND (token_grant.expires_at = 0 OR token_grant.expires_at > @now)
  AND (offline OR session = '' OR (SELECT s.expires_at FROM op_session AS s WHERE s.id = token_grant.session AND s.ended_at = 0) > @now)
  AND (token_grant.subject = '' OR (SELECT p.status FROM subscriber AS p WHERE p.id = token_grant.subject) = 'active')
RETURNING id, client_id, subject, session, flow, scopes, audience, acr, amr, auth_time, nonce, offline, generation,
    created_at, expires_at, revoked_at,
    CAST(COALESCE((SELECT p.cooling_until FROM subscriber AS p WHERE p.id = token_grant.subject), 0) AS BIGINT) AS cooling_until,
    CAST(COALESCE((SELECT p.cooling_reason FROM subscriber AS p WHERE p.id = token_grant.subject), '') AS TEXT) AS cooling_reason;

-- name: Revoke :execrows
UPDATE token_grant SET revoked_at = @revoked_at WHERE id = @id AND revoked_at = 0;

-- name: RevokeOf :execrows
UPDATE token_grant SET revoked_at = @revoked_at WHERE subject = @subject AND subject <> '' AND client_id = @client_id AND revoked_at = 0;

-- name: RevokeAccess :execrows
INSERT INTO revoked_access (jti, expires_at)
VALUES (@jti, @expires_at)
ON CONFLICT (jti) DO UPDATE SET expires_at = excluded.expires_at WHERE revoked_access.expires_at < excluded.expires_at;

-- name: AccessRevoked :one
SELECT COUNT(*) FROM revoked_access WHERE jti = @jti;

-- name: Once :execrows
INSERT INTO once (key, expires_at) VALUES (@key, @expires_at) ON CONFLICT DO NOTHING;

-- name: PruneOnce :execrows
DELETE FROM once WHERE expires_at < @before;

-- name: LiveGrant :one
SELECT g.id, g.client_id, g.subject, g.session, g.flow, g.scopes, g.audience, g.acr, g.amr, g.auth_time, g.nonce, g.offline, g.generation,
    g.created_at, g.expires_at,
    CAST(CASE WHEN g.revoked_at > 0 OR g.offline OR g.session = '' THEN g.revoked_at ELSE COALESCE(s.ended_at, g.created_at) END AS BIGINT) AS revoked_at,
    CAST(COALESCE(s.expires_at, 0) AS BIGINT) AS session_expires_at,
    CAST(COALESCE(p.status, '') AS TEXT) AS subscriber_status,
    CAST(COALESCE(p.claims, '') AS TEXT) AS claims,
    CAST(COALESCE(p.locale, '') AS TEXT) AS locale,
    CAST(COALESCE(p.updated_at, 0) AS BIGINT) AS subscriber_updated_at,
    CAST(COALESCE(p.cooling_until, 0) AS BIGINT) AS cooling_until,
    CAST(COALESCE(p.cooling_reason, '') AS TEXT) AS cooling_reason,
    CAST(COALESCE(r.expires_at, 0) AS BIGINT) AS access_revoked
FROM token_grant AS g
LEFT JOIN op_session AS s ON s.id = g.session
LEFT JOIN subscriber AS p ON p.id = g.subject
LEFT JOIN revoked_access AS r ON r.jti = @jti
WHERE g.id = @id;

-- name: PruneGrants :execrows
DELETE FROM token_grant
WHERE id IN (SELECT g.id FROM token_grant AS g WHERE g.expires_at > 0 AND g.expires_at < @before ORDER BY g.expires_at LIMIT CAST(@row_limit AS BIGINT) FOR UPDATE SKIP LOCKED);

-- name: PruneRevokedAccess :execrows
DELETE FROM revoked_access WHERE expires_at < @before;
