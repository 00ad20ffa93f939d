-- name: SigningKeys :many
SELECT key_id, alg, public_jwk, sealed, created_at, active_at, retired_at, expires_at
FROM signing_key
ORDER BY alg, generation;

-- name: InsertSigningKey :execrows
INSERT INTO signing_key (key_id, alg, generation, public_jwk, sealed, created_at, active_at, retired_at, expires_at)
VALUES (@key_id, @alg, @generation, @public_jwk, @sealed, @created_at, @active_at, @retired_at, @expires_at)
ON CONFLICT DO NOTHING;

-- name: RetireSigningKey :execrows
UPDATE signing_key SET retired_at = @retired_at, expires_at = @expires_at WHERE key_id = @key_id;

-- name: DeleteSigningKey :execrows
DELETE FROM signing_key WHERE key_id = @key_id;
