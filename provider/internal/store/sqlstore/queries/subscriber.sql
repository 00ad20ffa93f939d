-- name: InsertSubscriber :execrows
INSERT INTO subscriber (id, status, blocked_reason, locale, claims, version, created_at, updated_at)
VALUES (@id, @status, @blocked_reason, @locale, @claims, @version, @created_at, @updated_at)
ON CONFLICT DO NOTHING;

-- name: InsertName :execrows
INSERT INTO subscriber_name (folded, shown, subject, kind, retired)
VALUES (@folded, @shown, @subject, @kind, @retired)
ON CONFLICT DO NOTHING;

-- name: SubscriberByID :one
SELECT id, status, blocked_reason, locale, claims, version, created_at, updated_at, cooling_until, cooling_reason, reset_at
FROM subscriber
WHERE id = @id;

-- name: SubscriberByName :one
SELECT s.id, s.status, s.blocked_reason, s.locale, s.claims, s.version, s.created_at, s.updated_at, s.cooling_until, s.cooling_reason, s.reset_at
FROM subscriber_name AS n
JOIN subscriber AS s ON s.id = n.subject
WHERE n.folded = @folded AND NOT n.retired;

-- name: NamesOf :many
SELECT folded, shown, subject, kind, retired
FROM subscriber_name
WHERE subject = @subject
ORDER BY folded;

-- name: SetStatus :execrows
UPDATE subscriber
SET status = @status, blocked_reason = @blocked_reason, updated_at = @updated_at, version = version + 1
WHERE id = @id AND version = @version;

-- name: ListSubscribers :many
SELECT id, status, blocked_reason, locale, claims, version, created_at, updated_at, cooling_until, cooling_reason, reset_at
FROM subscriber
WHERE id > @after
ORDER BY id
LIMIT CAST(@row_limit AS BIGINT);

-- name: RetireNamesOf :execrows
UPDATE subscriber_name SET retired = TRUE, shown = '' WHERE subject = @subject;

-- name: DeleteSubscriber :execrows
DELETE FROM subscriber WHERE id = @id;

-- name: DeleteConsentsOf :execrows
DELETE FROM consent WHERE subject = @subject;
