-- Inserts and deletions of many rows at once are written out in audit.go: their number of parameters varies.

-- name: UnsealedAudit :many
SELECT id, at, body FROM audit_pending ORDER BY id LIMIT CAST(@row_limit AS BIGINT);

-- name: AdvanceLog :execrows
UPDATE audit_state SET size = @size, checkpoint = @checkpoint, at = @at WHERE id = 1 AND size = @from_size;

-- name: InsertHashes :execrows
INSERT INTO audit_hash (first, hashes) VALUES (@first, @hashes);

-- The runs of hashes that hold the nodes from the first to the last.
-- name: HashRuns :many
SELECT r.first, r.hashes
FROM audit_hash AS r
WHERE r.first <= @last_node AND r.first >= COALESCE((SELECT MAX(h.first) FROM audit_hash AS h WHERE h.first <= @first_node), 0)
ORDER BY r.first;

-- name: LogState :one
SELECT size, checkpoint, at FROM audit_state WHERE id = 1;

-- name: ReadSealed :many
SELECT leaf, id, at, body FROM audit_log WHERE leaf >= @from_leaf ORDER BY leaf LIMIT CAST(@row_limit AS BIGINT);

-- name: SaveCheckpoint :execrows
INSERT INTO audit_checkpoint (size, at, note) VALUES (@size, @at, @note) ON CONFLICT DO NOTHING;

-- name: Checkpoints :many
SELECT size, at, note FROM audit_checkpoint WHERE size > @after ORDER BY size LIMIT CAST(@row_limit AS BIGINT);
