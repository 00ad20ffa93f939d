-- The life of an account: addresses that people prove, changes that can be taken back for a while, codes of the assisted path, and what the
-- person's own page tells of it.

-- +goose Up

-- Until then relying parties are told to be careful, and why; reset_at: what was proven before counts for nothing.
ALTER TABLE subscriber ADD COLUMN cooling_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriber ADD COLUMN cooling_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN reset_at BIGINT NOT NULL DEFAULT 0;

-- The address in use is the row that has not ended; the subscriber's claims hold it too, which is where messages and tokens take it from.
-- lookup is a keyed hash: a copy of the table is no list of addresses to try.
CREATE TABLE contact (
    id          TEXT   NOT NULL PRIMARY KEY,
    subject     TEXT   NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    channel     TEXT   NOT NULL,
    lookup      BYTEA  NOT NULL,
    sealed      BYTEA  NOT NULL,
    verified_at BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX contact_current ON contact (subject, channel) WHERE ended_at = 0;
CREATE INDEX contact_subject ON contact (subject, created_at);
CREATE INDEX contact_lookup ON contact (lookup) WHERE ended_at = 0;

-- What can be taken back until cools_until; sealed holds what was before, and is emptied when nothing can be taken back any more.
CREATE TABLE account_change (
    id           TEXT   NOT NULL PRIMARY KEY,
    subject      TEXT   NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    kind         TEXT   NOT NULL,
    method       TEXT   NOT NULL,
    sealed       BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    cools_until  BIGINT NOT NULL,
    cancelled_at BIGINT NOT NULL
);
CREATE INDEX account_change_subject ON account_change (subject, created_at);
CREATE INDEX account_change_cools ON account_change (cools_until);

-- code_hash is keyed; '' until the ticket is approved. used_at is set once, by the step that accepted the code.
CREATE TABLE recovery_ticket (
    id           TEXT    NOT NULL PRIMARY KEY,
    subject      TEXT    NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    lost         TEXT    NOT NULL,
    alone        BOOLEAN NOT NULL,
    reason       TEXT    NOT NULL,
    code_hash    BYTEA   NOT NULL,
    requested_by TEXT    NOT NULL,
    approved_by  TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    used_at      BIGINT  NOT NULL
);
CREATE INDEX recovery_ticket_subject ON recovery_ticket (subject);
CREATE INDEX recovery_ticket_expires ON recovery_ticket (expires_at);

-- What happened, as the person's own page tells it; the audit log is the record. Ids ascend with time.
CREATE TABLE security_event (
    id      TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    address TEXT   NOT NULL,
    browser TEXT   NOT NULL,
    data    TEXT   NOT NULL,
    PRIMARY KEY (subject, id)
);
CREATE INDEX security_event_at ON security_event (at);
