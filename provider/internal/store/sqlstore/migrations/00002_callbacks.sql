-- What callbacks need: flows that wait, the signals left for them, the fate of messages, and the keys of plugins' instances.

-- +goose Up

-- One row while a flow waits for something from outside the page. due_at is when Continue is called next, 0 for not by time; a
-- replica that takes the row sets it ahead, so that another takes over if it dies. wait names the step that waits: what was
-- meant for another step of the same flow does not count. The step's transaction writes the row, so it goes when the flow moves on.
CREATE TABLE flow_pending (
    flow       TEXT   NOT NULL PRIMARY KEY REFERENCES flow (id) ON DELETE CASCADE,
    wait       TEXT   NOT NULL,
    instance   TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    handle     TEXT   NOT NULL,
    due_at     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX flow_pending_subject ON flow_pending (subject, instance) WHERE subject <> '';
CREATE UNIQUE INDEX flow_pending_handle ON flow_pending (instance, handle) WHERE handle <> '';
CREATE INDEX flow_pending_due ON flow_pending (due_at) WHERE due_at > 0;

-- Callbacks write here and never to the flow's row, so that they do not fight with the page for it.
CREATE TABLE flow_signal (
    id     TEXT   NOT NULL PRIMARY KEY,
    flow   TEXT   NOT NULL REFERENCES flow_pending (flow) ON DELETE CASCADE,
    sealed BYTEA  NOT NULL,
    at     BIGINT NOT NULL
);
CREATE INDEX flow_signal_flow ON flow_signal (flow, id);

-- credential is the one the message goes to; report is what its instance is yet to be told of the message's fate.
ALTER TABLE message ADD COLUMN credential TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN report TEXT NOT NULL DEFAULT '';
CREATE INDEX message_provider_id ON message (sender, provider_id) WHERE provider_id <> '';

-- (instance, name, generation) is the race of replicas that all find a key wanting: one makes it.
CREATE TABLE instance_key (
    key_id     TEXT   NOT NULL PRIMARY KEY,
    instance   TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (instance, name, generation)
);

-- The two turn over with every login that waits: keep them a handful of pages.
--pg ALTER TABLE flow_pending SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
--pg ALTER TABLE flow_signal SET (autovacuum_vacuum_scale_factor = 0.02);
