-- name: AnnounceReplica :exec
INSERT INTO replica_plugin (replica, instance, state_version, plugin_version, seen_at)
VALUES (@replica, @instance, @state_version, @plugin_version, @seen_at)
ON CONFLICT (replica, instance) DO UPDATE
SET state_version = EXCLUDED.state_version, plugin_version = EXCLUDED.plugin_version, seen_at = EXCLUDED.seen_at;

-- name: Replicas :many
SELECT replica, instance, state_version, plugin_version, seen_at
FROM replica_plugin
ORDER BY replica, instance;

-- name: ForgetReplica :exec
DELETE FROM replica_plugin WHERE replica = @replica AND seen_at <= @seen_at;
