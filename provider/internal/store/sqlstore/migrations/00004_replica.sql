-- Which versions of plugins the live replicas run, so that none writes what another cannot read.

-- +goose Up

-- seen_at changes while the replica lives; nobody compares it with a clock of their own.
CREATE TABLE replica_plugin (
    replica        TEXT   NOT NULL,
    instance       TEXT   NOT NULL,
    state_version  BIGINT NOT NULL,
    plugin_version TEXT   NOT NULL,
    seen_at        BIGINT NOT NULL,
    PRIMARY KEY (replica, instance)
);

-- A few rows that are written all the time: keep them on one page.
--pg ALTER TABLE replica_plugin SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
