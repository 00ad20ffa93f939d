-- name: AmendSubscriber :execrows
UPDATE subscriber
SET status = @status, blocked_reason = @blocked_reason, claims = @claims, cooling_until = @cooling_until, cooling_reason = @cooling_reason,
    reset_at = @reset_at, updated_at = @updated_at, version = version + 1
WHERE id = @id AND version = @version;

-- name: InsertContact :execrows
INSERT INTO contact (id, subject, channel, lookup, sealed, verified_at, created_at, ended_at)
VALUES (@id, @subject, @channel, @lookup, @sealed, @verified_at, @created_at, 0)
ON CONFLICT DO NOTHING;

-- name: EndContact :execrows
UPDATE contact SET ended_at = @ended_at WHERE subject = @subject AND channel = @channel AND ended_at = 0;

-- name: ContactsOf :many
SELECT id, subject, channel, lookup, sealed, verified_at, created_at, ended_at
FROM contact
WHERE subject = @subject AND (ended_at = 0 OR ended_at > @since)
ORDER BY created_at, id;

-- The names of everybody whose proven address it is; one statement, the same when it is nobody's.
-- name: NamesByContact :many
SELECT c.subject, c.channel, p.locale, n.shown
FROM contact AS c
JOIN subscriber AS p ON p.id = c.subject
JOIN subscriber_name AS n ON n.subject = c.subject
WHERE c.lookup = @lookup AND c.ended_at = 0 AND c.verified_at > 0 AND p.status = 'active' AND NOT n.retired AND n.kind <> 'legacy'
ORDER BY c.subject, n.kind DESC, n.folded
LIMIT 20;

-- name: InsertChange :exec
INSERT INTO account_change (id, subject, kind, method, sealed, created_at, cools_until, cancelled_at)
VALUES (@id, @subject, @kind, @method, @sealed, @created_at, @cools_until, 0);

-- name: Change :one
SELECT id, subject, kind, method, sealed, created_at, cools_until, cancelled_at
FROM account_change
WHERE id = @id;

-- name: OpenChanges :many
SELECT id, subject, kind, method, sealed, created_at, cools_until, cancelled_at
FROM account_change
WHERE subject = @subject AND cancelled_at = 0 AND cools_until > @now
ORDER BY created_at DESC, id DESC;

-- name: CancelChange :execrows
UPDATE account_change SET cancelled_at = @cancelled_at, sealed = '' WHERE id = @id AND cancelled_at = 0 AND cools_until > @cancelled_at;

-- name: ForgetChanges :execrows
UPDATE account_change SET sealed = '' WHERE cools_until < @before AND sealed <> '';

-- name: InsertTicket :exec
INSERT INTO recovery_ticket (id, subject, lost, alone, reason, code_hash, requested_by, approved_by, created_at, expires_at, used_at)
VALUES (@id, @subject, @lost, @alone, @reason, @code_hash, @requested_by, @approved_by, @created_at, @expires_at, 0);

-- name: Ticket :one
SELECT id, subject, lost, alone, reason, code_hash, requested_by, approved_by, created_at, expires_at, used_at
FROM recovery_ticket
WHERE id = @id;

-- name: TicketByCode :one
SELECT id, subject, lost, alone, reason, code_hash, requested_by, approved_by, created_at, expires_at, used_at
FROM recovery_ticket
WHERE subject = @subject AND code_hash = @code_hash AND code_hash <> '' AND used_at = 0 AND expires_at > @now;

-- Whoever asked for a ticket does not approve it: the statement itself says so.
-- name: ApproveTicket :execrows
UPDATE recovery_ticket
SET code_hash = @code_hash, approved_by = @approved_by, expires_at = @expires_at
WHERE id = @id AND approved_by = '' AND requested_by <> @approved_by AND used_at = 0 AND expires_at > @now;

-- name: SpendTicket :execrows
UPDATE recovery_ticket SET used_at = @now WHERE id = @id AND subject = @subject AND used_at = 0 AND expires_at > @now AND approved_by <> '';

-- name: VoidTickets :execrows
UPDATE recovery_ticket SET used_at = @now WHERE subject = @subject AND used_at = 0;

-- name: PruneTickets :execrows
DELETE FROM recovery_ticket WHERE expires_at < @before;

-- name: RevokeGrantsOf :execrows
UPDATE token_grant SET revoked_at = @revoked_at WHERE subject = @subject AND subject <> '' AND revoked_at = 0;

-- Sent with what follows it in a transaction: nothing depends on its answer.
-- name: InsertSecurityEvent :exec
INSERT INTO security_event (id, subject, at, kind, address, browser, data)
VALUES (@id, @subject, @at, @kind, @address, @browser, @data);

-- name: SecurityEvents :many
SELECT id, subject, at, kind, address, browser, data
FROM security_event
WHERE subject = @subject AND id < @before
ORDER BY id DESC
LIMIT CAST(@row_limit AS BIGINT);

-- name: DeleteSecurityEventsOf :execrows
DELETE FROM security_event WHERE subject = @subject;

-- name: PruneSecurityEvents :execrows
DELETE FROM security_event WHERE at < @before;
