-- name: Client :one
SELECT client_id, settings, secret_hash, old_secret_hash, old_secret_until, declared, version, created_at, updated_at
FROM relying_party
WHERE client_id = @client_id;

-- name: Clients :many
SELECT client_id, settings, secret_hash, old_secret_hash, old_secret_until, declared, version, created_at, updated_at
FROM relying_party
ORDER BY client_id;

-- name: InsertClient :execrows
INSERT INTO relying_party (client_id, settings, secret_hash, old_secret_hash, old_secret_until, declared, version, created_at, updated_at)
VALUES (@client_id, @settings, @secret_hash, @old_secret_hash, @old_secret_until, @declared, @version, @created_at, @updated_at)
ON CONFLICT DO NOTHING;

-- name: UpdateClient :execrows
UPDATE relying_party
SET settings = @settings, secret_hash = @secret_hash, old_secret_hash = @old_secret_hash, old_secret_until = @old_secret_until,
    declared = @declared, updated_at = @updated_at, version = version + 1
WHERE client_id = @client_id AND version = @version;

-- name: DeleteClient :execrows
DELETE FROM relying_party WHERE client_id = @client_id;
