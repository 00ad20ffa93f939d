-- The first schema. One file for both databases: TEXT, BIGINT, BOOLEAN and BYTEA are names that PostgreSQL and SQLite both
-- take. Times are µs since 1970 UTC, 0 for never. JSON is TEXT. A line that begins with "--pg" is a comment to SQLite and a
-- statement to PostgreSQL: storage parameters and collations, never anything a query depends on.
--
-- Each release's schema works with the release before it, so a migration here adds and never renames or drops, and there is no
-- way down: a schema that went forward is followed by another that goes forward.

-- +goose Up

-- What the installation is. Rows: installation_id.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Data-encryption keys, wrapped by a key-encryption key; see package sealing.
CREATE TABLE sealing_keyset (
    class   TEXT   NOT NULL PRIMARY KEY,
    wrapped BYTEA  NOT NULL,
    kek_id  TEXT   NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE subscriber (
    id             TEXT   NOT NULL PRIMARY KEY,
    status         TEXT   NOT NULL,
    blocked_reason TEXT   NOT NULL,
    locale         TEXT   NOT NULL,
    claims         TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);

-- One name space, never partitioned. A row outlives its subscriber: a name that once was somebody's is nobody else's ever.
-- Hence no foreign key.
CREATE TABLE subscriber_name (
    folded  TEXT    NOT NULL PRIMARY KEY,
    shown   TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    retired BOOLEAN NOT NULL
);
CREATE INDEX subscriber_name_subject ON subscriber_name (subject);

CREATE TABLE credential (
    id            TEXT   NOT NULL PRIMARY KEY,
    subject       TEXT   NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    instance      TEXT   NOT NULL,
    type          TEXT   NOT NULL,
    handle        TEXT   NOT NULL,
    label         TEXT   NOT NULL,
    sealed        BYTEA  NOT NULL,
    state_version BIGINT NOT NULL,
    revision      BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT NOT NULL
);
CREATE INDEX credential_subject ON credential (subject);
CREATE UNIQUE INDEX credential_handle ON credential (instance, handle) WHERE handle <> '';

CREATE TABLE relying_party (
    client_id        TEXT    NOT NULL PRIMARY KEY,
    settings         TEXT    NOT NULL,
    secret_hash      BYTEA   NOT NULL,
    old_secret_hash  BYTEA   NOT NULL,
    old_secret_until BIGINT  NOT NULL,
    declared         BOOLEAN NOT NULL,
    version          BIGINT  NOT NULL,
    created_at       BIGINT  NOT NULL,
    updated_at       BIGINT  NOT NULL
);

-- (alg, generation) is the race of replicas that all find the key set wanting: one makes the next generation.
CREATE TABLE signing_key (
    key_id     TEXT   NOT NULL PRIMARY KEY,
    alg        TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    public_jwk TEXT   NOT NULL,
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    active_at  BIGINT NOT NULL,
    retired_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (alg, generation)
);

-- One row a login, written three times: begun, answered, redeemed. Only id and expires_at are indexed and neither changes
-- in the common case, so that PostgreSQL updates the row without touching an index. client_id, redirect_uri and challenge repeat the request, session
-- the outcome: the statement that redeems the code compares them. grant_id names what the code gave, for its replay.
CREATE TABLE flow (
    id              TEXT   NOT NULL PRIMARY KEY,
    client_id       TEXT   NOT NULL,
    redirect_uri    TEXT   NOT NULL,
    challenge       TEXT   NOT NULL,
    request         TEXT   NOT NULL,
    browser_hash    BYTEA  NOT NULL,
    sealed          BYTEA  NOT NULL,
    version         BIGINT NOT NULL,
    subject         TEXT   NOT NULL,
    session         TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    done_at         BIGINT NOT NULL,
    outcome         TEXT   NOT NULL,
    code_hash       BYTEA  NOT NULL,
    code_expires_at BIGINT NOT NULL,
    redeemed_at     BIGINT NOT NULL,
    grant_id        TEXT   NOT NULL
);
CREATE INDEX flow_expires_at ON flow (expires_at);

CREATE TABLE op_session (
    id           TEXT   NOT NULL PRIMARY KEY,
    subject      TEXT   NOT NULL,
    proofs       TEXT   NOT NULL,
    auth_time    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    browser      TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    version      BIGINT NOT NULL
);
CREATE INDEX op_session_subject ON op_session (subject) WHERE ended_at = 0;
CREATE INDEX op_session_expires_at ON op_session (expires_at);

-- No index by session or flow: a grant whose session ended or whose subscriber is not active is dead by the
-- statements that read it, so that ending a session writes one row however many grants hang on it.
CREATE TABLE token_grant (
    id         TEXT    NOT NULL PRIMARY KEY,
    client_id  TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    session    TEXT    NOT NULL,
    flow       TEXT    NOT NULL,
    scopes     TEXT    NOT NULL,
    audience   TEXT    NOT NULL,
    acr        TEXT    NOT NULL,
    amr        TEXT    NOT NULL,
    auth_time  BIGINT  NOT NULL,
    nonce      TEXT    NOT NULL,
    offline    BOOLEAN NOT NULL,
    generation BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    revoked_at BIGINT  NOT NULL
);
CREATE INDEX token_grant_expires_at ON token_grant (expires_at);
-- For taking a consent back. client_credentials has no subject.
CREATE INDEX token_grant_subject ON token_grant (subject) WHERE subject <> '';

-- Access tokens revoked one by one; as short-lived as they.
CREATE TABLE revoked_access (
    jti        TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- Keys that may be used once: the jti of a client assertion, of a request object.
CREATE TABLE once (
    key        TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE consent (
    subject    TEXT   NOT NULL,
    client_id  TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (subject, client_id)
);

-- since is the start of the window that AddFailure counts in. A row of version 0 is a counter never touched: it is there to be locked.
CREATE TABLE throttle (
    key           TEXT   NOT NULL PRIMARY KEY,
    failures      BIGINT NOT NULL,
    blocks        BIGINT NOT NULL,
    since         BIGINT NOT NULL,
    failed_at     BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    version       BIGINT NOT NULL
);

-- What the outbox sends; the job queue's own tables hold ids alone. subject has no foreign key: a message outlives its subscriber.
CREATE TABLE message (
    id              TEXT   NOT NULL PRIMARY KEY,
    idempotency_key TEXT   NOT NULL UNIQUE,
    channel         TEXT   NOT NULL,
    instance        TEXT   NOT NULL,
    subject         TEXT   NOT NULL,
    template        TEXT   NOT NULL,
    sealed          BYTEA  NOT NULL,
    state           TEXT   NOT NULL,
    attempts        BIGINT NOT NULL,
    sender          TEXT   NOT NULL,
    provider_id     TEXT   NOT NULL,
    last_error_kind TEXT   NOT NULL,
    revision        BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX message_list ON message (state, created_at, id);
CREATE INDEX message_prune ON message (updated_at) WHERE state NOT IN ('queued', 'sending');

-- Hot and small: an event lives here from its transaction's commit until it is sealed, about a second.
CREATE TABLE audit_pending (
    id   TEXT   NOT NULL PRIMARY KEY,
    at   BIGINT NOT NULL,
    body TEXT   NOT NULL
);

-- Append-only. UNIQUE (id) refuses a second sealing of one event.
CREATE TABLE audit_log (
    leaf BIGINT NOT NULL PRIMARY KEY,
    id   TEXT   NOT NULL UNIQUE,
    at   BIGINT NOT NULL,
    body TEXT   NOT NULL
);

-- Append-only: one row a sealing, a run of consecutive Merkle nodes of 32 bytes.
CREATE TABLE audit_hash (
    first  BIGINT NOT NULL PRIMARY KEY,
    hashes BYTEA  NOT NULL
);

-- One row, the head of the log. Its size is what two sealers compare and set.
CREATE TABLE audit_state (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    size       BIGINT NOT NULL,
    checkpoint TEXT   NOT NULL,
    at         BIGINT NOT NULL
);
INSERT INTO audit_state (id, size, checkpoint, at) VALUES (1, 0, '', 0);

-- Append-only.
CREATE TABLE audit_checkpoint (
    size BIGINT NOT NULL PRIMARY KEY,
    at   BIGINT NOT NULL,
    note TEXT   NOT NULL
);

-- Room on each page for the new version of a row that is about to be written again.
--pg ALTER TABLE flow SET (fillfactor = 50);
--pg ALTER TABLE op_session SET (fillfactor = 80);
--pg ALTER TABLE token_grant SET (fillfactor = 80);
--pg ALTER TABLE throttle SET (fillfactor = 50);
--pg ALTER TABLE credential SET (fillfactor = 70);
--pg ALTER TABLE audit_state SET (fillfactor = 10);

-- audit_pending turns over every second: keep it a handful of pages.
--pg ALTER TABLE audit_pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
