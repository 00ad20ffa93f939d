-- name: Session :one
SELECT id, subject, proofs, auth_time, created_at, last_seen_at, expires_at, ended_at, browser, address, version
FROM op_session
WHERE id = @id;

-- As InsertGrant: a taken id is an error.
-- name: InsertSession :exec
INSERT INTO op_session (id, subject, proofs, auth_time, created_at, last_seen_at, expires_at, ended_at, browser, address, version)
VALUES (@id, @subject, @proofs, @auth_time, @created_at, @last_seen_at, @expires_at, @ended_at, @browser, @address, @version);

-- An ended session takes no update: a step that began before the end must not bring it back.
-- name: UpdateSession :execrows
UPDATE op_session
SET proofs = @proofs, auth_time = @auth_time, last_seen_at = @last_seen_at, version = version + 1
WHERE id = @id AND version = @version AND ended_at = 0;

-- name: EndSession :execrows
UPDATE op_session SET ended_at = @ended_at, version = version + 1 WHERE id = @id AND ended_at = 0;

-- name: SessionsOf :many
SELECT id, subject, proofs, auth_time, created_at, last_seen_at, expires_at, ended_at, browser, address, version
FROM op_session
WHERE subject = @subject AND ended_at = 0 AND expires_at > @now
ORDER BY last_seen_at DESC, id;

-- name: EndSessionsOf :execrows
UPDATE op_session SET ended_at = @ended_at, version = version + 1 WHERE subject = @subject AND ended_at = 0;

-- name: PruneSessions :execrows
DELETE FROM op_session
WHERE id IN (SELECT s.id FROM op_session AS s WHERE s.expires_at < @before ORDER BY s.expires_at LIMIT CAST(@row_limit AS BIGINT) FOR UPDATE SKIP LOCKED);
