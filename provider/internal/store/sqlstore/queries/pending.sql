-- name: PutPending :execrows
INSERT INTO flow_pending (flow, wait, instance, subject, handle, due_at, created_at, expires_at)
VALUES (@flow, @wait, @instance, @subject, @handle, @due_at, @created_at, @expires_at)
ON CONFLICT (flow) DO UPDATE
SET wait = excluded.wait, instance = excluded.instance, subject = excluded.subject, handle = excluded.handle, due_at = excluded.due_at,
    expires_at = excluded.expires_at;

-- Takes the signals along.
-- name: DeletePending :execrows
DELETE FROM flow_pending WHERE flow = @flow;

-- A statement of its own, after the one that locked the row: a signal that was being left meanwhile is seen.
-- name: HurryPending :execrows
UPDATE flow_pending
SET due_at = @due_at
WHERE flow_pending.flow = @flow AND EXISTS (SELECT 1 FROM flow_signal AS s WHERE s.flow = @flow);

-- name: DelayPending :execrows
UPDATE flow_pending SET due_at = @due_at WHERE flow = @flow AND wait = @wait;

-- Locks the row: a step that moves the flow on is waited for, and then there is nothing to leave a signal to.
-- name: RingPending :execrows
UPDATE flow_pending SET due_at = @due_at WHERE flow = @flow AND wait = @wait AND expires_at > @now;

-- name: InsertSignal :execrows
INSERT INTO flow_signal (id, flow, sealed, at)
SELECT CAST(@id AS TEXT), CAST(@flow AS TEXT), @sealed, CAST(@at AS BIGINT)
WHERE (SELECT COUNT(*) FROM flow_signal AS s WHERE s.flow = @flow) < CAST(@most AS BIGINT);

-- name: Signals :many
SELECT id, sealed FROM flow_signal WHERE flow = @flow ORDER BY at, id;

-- name: DeleteSignal :execrows
DELETE FROM flow_signal WHERE id = @id;

-- The flows of an instance that wait for the subject, or under the handle. One statement, the same when there is neither. A
-- flow that is done has no such row; that is not asked for here, because on an empty table PostgreSQL would read all flows for it.
-- name: PendingFlows :many
SELECT f.id, f.request, f.browser_hash, f.sealed, f.version, f.subject, f.created_at, f.expires_at, f.done_at, p.wait, p.created_at AS pending_at
FROM flow_pending AS p
JOIN flow AS f ON f.id = p.flow
WHERE p.instance = @instance AND p.subject = @subject AND p.subject <> '' AND p.expires_at > @now
UNION
SELECT f.id, f.request, f.browser_hash, f.sealed, f.version, f.subject, f.created_at, f.expires_at, f.done_at, p.wait, p.created_at AS pending_at
FROM flow_pending AS p
JOIN flow AS f ON f.id = p.flow
WHERE p.instance = @instance AND p.handle = @handle AND p.handle <> '' AND p.expires_at > @now
ORDER BY pending_at, id
LIMIT CAST(@row_limit AS BIGINT);

-- name: NextPending :one
SELECT CAST(COALESCE(MIN(due_at), 0) AS BIGINT) FROM flow_pending WHERE due_at > 0;

-- name: ClaimPending :many
UPDATE flow_pending
SET due_at = @lease
WHERE flow IN (SELECT p.flow FROM flow_pending AS p WHERE p.due_at > 0 AND p.due_at <= @now ORDER BY p.due_at LIMIT CAST(@row_limit AS BIGINT) FOR UPDATE SKIP LOCKED)
RETURNING flow, wait;
