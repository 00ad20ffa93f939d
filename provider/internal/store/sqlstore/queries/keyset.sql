-- name: InsertMeta :execrows
INSERT INTO meta (name, value) VALUES (@name, @value) ON CONFLICT DO NOTHING;

-- name: Meta :one
SELECT value FROM meta WHERE name = @name;

-- name: Keysets :many
SELECT class, wrapped, kek_id, version FROM sealing_keyset ORDER BY class;

-- name: InsertKeyset :execrows
INSERT INTO sealing_keyset (class, wrapped, kek_id, version) VALUES (@class, @wrapped, @kek_id, @version) ON CONFLICT DO NOTHING;

-- name: UpdateKeyset :execrows
UPDATE sealing_keyset SET wrapped = @wrapped, kek_id = @kek_id, version = version + 1 WHERE class = @class AND version = @version;
