-- Ids are 16 bytes, times milliseconds since 1970 UTC, flags 0 or 1, structured values JSON. migrations/postgres has the same tables.

CREATE TABLE imports (
    id              BLOB    NOT NULL PRIMARY KEY,
    person          BLOB    NOT NULL,
    installation    TEXT    NOT NULL,
    pid             TEXT    NOT NULL,
    version         TEXT,
    renku           TEXT    NOT NULL,
    project         TEXT    NOT NULL,
    name            TEXT,
    migrate         INTEGER NOT NULL,
    phase           TEXT    NOT NULL,
    condition       TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    due_at          INTEGER,
    nudged_at       INTEGER,
    lease_id        BLOB,
    lease_until     INTEGER,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    give_up_at      INTEGER NOT NULL,
    idempotency_key TEXT,
    UNIQUE (person, idempotency_key)
) STRICT;
CREATE INDEX imports_of_person ON imports (person, id);
CREATE INDEX imports_of_dataset ON imports (installation, pid, id);
CREATE INDEX imports_by_state ON imports (phase, condition, created_at);
CREATE INDEX imports_due ON imports (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX imports_due_pages ON imports (id) WHERE due_at IS NOT NULL;
CREATE INDEX imports_queued ON imports (renku, person, id, condition, project) WHERE phase = 'queued' AND due_at IS NOT NULL;
CREATE INDEX imports_waiting_for_sign_in ON imports (person, id) WHERE condition = 'sign_in';

-- What happened. Lines are only ever added.
CREATE TABLE timeline (
    seq       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    import    BLOB    NOT NULL REFERENCES imports (id),
    at        INTEGER NOT NULL,
    event     TEXT    NOT NULL,
    phase     TEXT    NOT NULL,
    condition TEXT    NOT NULL,
    problem   TEXT
) STRICT;
CREATE INDEX timeline_of_import ON timeline (import, seq);
CREATE TRIGGER timeline_keeps_lines BEFORE UPDATE ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END;
CREATE TRIGGER timeline_loses_no_lines BEFORE DELETE ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END;

-- Every job that one of our imports ever had at a Renku, also those that a further try replaced.
CREATE TABLE remote_jobs (
    renku  TEXT NOT NULL,
    job    TEXT NOT NULL,
    import BLOB NOT NULL REFERENCES imports (id),
    PRIMARY KEY (renku, job)
) STRICT, WITHOUT ROWID;

-- The keys are the rule: one import per project, and no more imports than a Renku has ordinals.
CREATE TABLE slots (
    renku      TEXT    NOT NULL,
    ordinal    INTEGER NOT NULL CHECK (ordinal >= 0),
    project    TEXT    NOT NULL,
    import     BLOB    NOT NULL UNIQUE REFERENCES imports (id),
    person     BLOB    NOT NULL,
    taken_at   INTEGER NOT NULL,
    release_at INTEGER,
    PRIMARY KEY (renku, ordinal),
    UNIQUE (renku, project)
) STRICT;

-- When somebody last got a slot, so that the next goes to another.
CREATE TABLE served (
    renku   TEXT    NOT NULL,
    person  BLOB    NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (renku, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE people (
    id         BLOB    NOT NULL PRIMARY KEY,
    renku      TEXT    NOT NULL,
    issuer     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    username   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (renku, issuer, subject)
) STRICT;

-- Tokens are sealed with a key that is not in this database.
CREATE TABLE credentials (
    person        BLOB    NOT NULL PRIMARY KEY REFERENCES people (id),
    access        BLOB    NOT NULL,
    access_until  INTEGER NOT NULL,
    refresh       BLOB,
    refresh_until INTEGER,
    rotates       INTEGER,
    state_name    TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    revision      INTEGER NOT NULL,
    signed_in_at  INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX credentials_by_sign_in ON credentials (signed_in_at);
CREATE INDEX credentials_disconnecting ON credentials (updated_at) WHERE state_name = 'disconnecting';

CREATE TABLE sign_in_attempts (
    handle    BLOB    NOT NULL PRIMARY KEY,
    renku     TEXT    NOT NULL,
    browser   BLOB    NOT NULL,
    secrets   BLOB    NOT NULL,
    next_path TEXT    NOT NULL,
    ends_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_attempts_by_end ON sign_in_attempts (ends_at);

CREATE TABLE sessions (
    hash    BLOB    NOT NULL PRIMARY KEY,
    csrf    TEXT    NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE session_people (
    session  BLOB    NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    person   BLOB    NOT NULL,
    PRIMARY KEY (session, position)
) STRICT;
CREATE INDEX session_people_by_person ON session_people (person);
