-- name: InstanceKeys :many
SELECT key_id, instance, name, kind, generation, sealed, created_at, expires_at
FROM instance_key
ORDER BY instance, name, generation DESC;

-- name: InsertInstanceKey :execrows
INSERT INTO instance_key (key_id, instance, name, kind, generation, sealed, created_at, expires_at)
VALUES (@key_id, @instance, @name, @kind, @generation, @sealed, @created_at, 0)
ON CONFLICT DO NOTHING;

-- name: ExpireInstanceKey :execrows
UPDATE instance_key SET expires_at = @expires_at WHERE key_id = @key_id;

-- name: DeleteInstanceKey :execrows
DELETE FROM instance_key WHERE key_id = @key_id;
