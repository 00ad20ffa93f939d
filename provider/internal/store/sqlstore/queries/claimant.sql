-- Whoever has the name, with the credentials and the counters that an attempt is judged by: one statement, the same when nobody has it.
-- A row is of the subscriber and one of the credentials (or none), or it is a counter; then counter_key is not empty.
-- name: Claimant :many
SELECT p.id, p.status, p.blocked_reason, p.locale, p.claims, p.version, p.created_at, p.updated_at,
    CAST(COALESCE(c.id, '') AS TEXT) AS credential, CAST(COALESCE(c.instance, '') AS TEXT) AS instance, CAST(COALESCE(c.type, '') AS TEXT) AS type,
    CAST(COALESCE(c.handle, '') AS TEXT) AS handle, CAST(COALESCE(c.label, '') AS TEXT) AS label, c.sealed,
    CAST(COALESCE(c.state_version, 0) AS BIGINT) AS state_version, CAST(COALESCE(c.revision, 0) AS BIGINT) AS revision,
    CAST(COALESCE(c.created_at, 0) AS BIGINT) AS bound_at, CAST(COALESCE(c.last_used_at, 0) AS BIGINT) AS last_used_at,
    CAST('' AS TEXT) AS counter_key, CAST(0 AS BIGINT) AS failures, CAST(0 AS BIGINT) AS blocks, CAST(0 AS BIGINT) AS failed_at,
    CAST(0 AS BIGINT) AS blocked_until, CAST(0 AS BIGINT) AS counter_version
FROM subscriber_name AS n
JOIN subscriber AS p ON p.id = n.subject
LEFT JOIN credential AS c ON c.subject = p.id
WHERE n.folded = @folded AND NOT n.retired
UNION ALL
SELECT '', '', '', '', '', 0, 0, 0, '', '', '', '', '', NULL, 0, 0, 0, 0, t.key, t.failures, t.blocks, t.failed_at, t.blocked_until, t.version
FROM subscriber_name AS n
JOIN throttle AS t ON t.key = 's:' || n.subject
WHERE n.folded = @folded AND NOT n.retired
UNION ALL
SELECT '', '', '', '', '', 0, 0, 0, '', '', '', '', '', NULL, 0, 0, 0, 0, t.key, t.failures, t.blocks, t.failed_at, t.blocked_until, t.version
FROM throttle AS t
WHERE t.key IN (@k1, @k2, @k3, @k4, @k5, @k6)
ORDER BY bound_at, credential;

-- Whoever holds the credential with the handle: the same columns as Claimant, and the same statement when nobody does.
-- name: Holder :many
SELECT p.id, p.status, p.blocked_reason, p.locale, p.claims, p.version, p.created_at, p.updated_at,
    CAST(COALESCE(c.id, '') AS TEXT) AS credential, CAST(COALESCE(c.instance, '') AS TEXT) AS instance, CAST(COALESCE(c.type, '') AS TEXT) AS type,
    CAST(COALESCE(c.handle, '') AS TEXT) AS handle, CAST(COALESCE(c.label, '') AS TEXT) AS label, c.sealed,
    CAST(COALESCE(c.state_version, 0) AS BIGINT) AS state_version, CAST(COALESCE(c.revision, 0) AS BIGINT) AS revision,
    CAST(COALESCE(c.created_at, 0) AS BIGINT) AS bound_at, CAST(COALESCE(c.last_used_at, 0) AS BIGINT) AS last_used_at,
    CAST('' AS TEXT) AS counter_key, CAST(0 AS BIGINT) AS failures, CAST(0 AS BIGINT) AS blocks, CAST(0 AS BIGINT) AS failed_at,
    CAST(0 AS BIGINT) AS blocked_until, CAST(0 AS BIGINT) AS counter_version
FROM credential AS h
JOIN subscriber AS p ON p.id = h.subject
LEFT JOIN credential AS c ON c.subject = p.id
WHERE h.instance = @in_instance AND h.handle = @with_handle AND h.handle <> ''
UNION ALL
SELECT '', '', '', '', '', 0, 0, 0, '', '', '', '', '', NULL, 0, 0, 0, 0, t.key, t.failures, t.blocks, t.failed_at, t.blocked_until, t.version
FROM credential AS h
JOIN throttle AS t ON t.key = 's:' || h.subject
WHERE h.instance = @in_instance AND h.handle = @with_handle AND h.handle <> ''
UNION ALL
SELECT '', '', '', '', '', 0, 0, 0, '', '', '', '', '', NULL, 0, 0, 0, 0, t.key, t.failures, t.blocks, t.failed_at, t.blocked_until, t.version
FROM throttle AS t
WHERE t.key IN (@k1, @k2, @k3, @k4, @k5, @k6)
ORDER BY bound_at, credential;
