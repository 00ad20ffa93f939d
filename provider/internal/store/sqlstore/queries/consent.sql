-- name: Consent :one
SELECT subject, client_id, scopes, granted_at FROM consent WHERE subject = @subject AND client_id = @client_id;

-- name: PutConsent :execrows
INSERT INTO consent (subject, client_id, scopes, granted_at)
VALUES (@subject, @client_id, @scopes, @granted_at)
ON CONFLICT (subject, client_id) DO UPDATE SET scopes = excluded.scopes, granted_at = excluded.granted_at;

-- name: ConsentsOf :many
SELECT subject, client_id, scopes, granted_at FROM consent WHERE subject = @subject ORDER BY client_id;

-- name: DeleteConsent :execrows
DELETE FROM consent WHERE subject = @subject AND client_id = @client_id;
