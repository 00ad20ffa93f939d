-- name: InsertMessage :execrows
INSERT INTO message (id, idempotency_key, channel, instance, subject, template, sealed, state, attempts, sender, provider_id,
    last_error_kind, credential, revision, expires_at, created_at, updated_at)
VALUES (@id, @idempotency_key, @channel, @instance, @subject, @template, @sealed, @state, @attempts, @sender, @provider_id,
    @last_error_kind, @credential, 1, @expires_at, @created_at, @updated_at)
ON CONFLICT DO NOTHING;

-- name: Message :one
SELECT id, idempotency_key, channel, instance, subject, template, sealed, state, attempts, sender, provider_id,
    last_error_kind, credential, report, revision, expires_at, created_at, updated_at
FROM message
WHERE id = @id;

-- name: UpdateMessage :execrows
UPDATE message
SET sealed = @sealed, state = @state, attempts = @attempts, sender = @sender, provider_id = @provider_id,
    last_error_kind = @last_error_kind, report = @report, updated_at = @updated_at, revision = revision + 1
WHERE id = @id AND revision = @revision;

-- name: ListMessages :many
SELECT id, idempotency_key, channel, instance, subject, template, state, attempts, sender, provider_id,
    last_error_kind, credential, report, revision, expires_at, created_at, updated_at
FROM message
WHERE state = @state AND (created_at < @created_at OR (created_at = @created_at AND id < @id))
ORDER BY created_at DESC, id DESC
LIMIT CAST(@row_limit AS BIGINT);

-- name: PruneMessages :execrows
DELETE FROM message
WHERE id IN (SELECT m.id FROM message AS m WHERE m.state NOT IN ('queued', 'sending') AND m.updated_at < @before
    ORDER BY m.updated_at LIMIT CAST(@row_limit AS BIGINT) FOR UPDATE SKIP LOCKED);

-- name: MessageByProviderID :one
SELECT id FROM message WHERE sender = @sender AND provider_id = @provider_id AND provider_id <> '' ORDER BY created_at DESC LIMIT 1;
