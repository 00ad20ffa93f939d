-- name: InsertCredential :execrows
INSERT INTO credential (id, subject, instance, type, handle, label, sealed, state_version, revision, created_at, last_used_at)
VALUES (@id, @subject, @instance, @type, @handle, @label, @sealed, @state_version, @revision, @created_at, @last_used_at)
ON CONFLICT DO NOTHING;

-- name: CredentialsOf :many
SELECT id, subject, instance, type, handle, label, sealed, state_version, revision, created_at, last_used_at
FROM credential
WHERE subject = @subject
ORDER BY created_at, id;

-- name: CredentialByHandle :one
SELECT id, subject, instance, type, handle, label, sealed, state_version, revision, created_at, last_used_at
FROM credential
WHERE instance = @instance AND handle = @handle AND handle <> '';

-- The handle of another credential makes this fail with a broken uniqueness rule.
-- name: UpdateCredential :execrows
UPDATE credential
SET sealed = @sealed, state_version = @state_version, label = @label, handle = @handle, last_used_at = @last_used_at, revision = revision + 1
WHERE id = @id AND subject = @subject AND revision = @revision;

-- name: DeleteCredential :execrows
DELETE FROM credential WHERE id = @id AND subject = @subject AND revision = @revision;

-- name: CredentialExists :one
SELECT COUNT(*) FROM credential WHERE id = @id AND subject = @subject;
