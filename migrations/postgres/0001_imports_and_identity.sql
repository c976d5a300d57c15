-- Times are milliseconds since 1970 UTC, structured values JSON. migrations/sqlite has the same tables.

CREATE TABLE imports (
    id              uuid    NOT NULL PRIMARY KEY,
    person          uuid    NOT NULL,
    installation    text    NOT NULL,
    pid             text    NOT NULL,
    version         text,
    renku           text    NOT NULL,
    project         text    NOT NULL,
    name            text,
    migrate         boolean NOT NULL,
    phase           text    NOT NULL,
    condition       text    NOT NULL,
    state           text    NOT NULL,
    revision        bigint  NOT NULL,
    attempts        bigint  NOT NULL,
    due_at          bigint,
    nudged_at       bigint,
    lease_id        uuid,
    lease_until     bigint,
    created_at      bigint  NOT NULL,
    updated_at      bigint  NOT NULL,
    give_up_at      bigint  NOT NULL,
    idempotency_key text,
    UNIQUE (person, idempotency_key)
);
CREATE INDEX imports_of_person ON imports (person, id);
CREATE INDEX imports_of_dataset ON imports (installation, pid, id);
CREATE INDEX imports_by_state ON imports (phase, condition, created_at);
CREATE INDEX imports_due ON imports (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX imports_due_pages ON imports (id) WHERE due_at IS NOT NULL;
CREATE INDEX imports_queued ON imports (renku, person, id, condition, project) WHERE phase = 'queued' AND due_at IS NOT NULL;
CREATE INDEX imports_waiting_for_sign_in ON imports (person, id) WHERE condition = 'sign_in';

-- What happened. Lines are only ever added.
CREATE TABLE timeline (
    seq       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import    uuid    NOT NULL REFERENCES imports (id),
    at        bigint  NOT NULL,
    event     text    NOT NULL,
    phase     text    NOT NULL,
    condition text    NOT NULL,
    problem   text
);
CREATE INDEX timeline_of_import ON timeline (import, seq);
CREATE FUNCTION refuse_timeline_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the timeline is append-only';
END
$$;
CREATE TRIGGER timeline_keeps_lines BEFORE UPDATE OR DELETE ON timeline
    FOR EACH ROW EXECUTE FUNCTION refuse_timeline_change();
CREATE TRIGGER timeline_is_not_emptied BEFORE TRUNCATE ON timeline
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_timeline_change();

-- Every job that one of our imports ever had at a Renku, also those that a further try replaced.
CREATE TABLE remote_jobs (
    renku  text    NOT NULL,
    job    text    NOT NULL,
    import uuid    NOT NULL REFERENCES imports (id),
    PRIMARY KEY (renku, job)
);

-- The keys are the rule: one import per project, and no more imports than a Renku has ordinals.
CREATE TABLE slots (
    renku      text    NOT NULL,
    ordinal    bigint  NOT NULL CHECK (ordinal >= 0),
    project    text    NOT NULL,
    import     uuid    NOT NULL UNIQUE REFERENCES imports (id),
    person     uuid    NOT NULL,
    taken_at   bigint  NOT NULL,
    release_at bigint,
    PRIMARY KEY (renku, ordinal),
    UNIQUE (renku, project)
);

-- When somebody last got a slot, so that the next goes to another.
CREATE TABLE served (
    renku   text    NOT NULL,
    person  uuid    NOT NULL,
    last_at bigint  NOT NULL,
    PRIMARY KEY (renku, person)
);

CREATE TABLE people (
    id         uuid    NOT NULL PRIMARY KEY,
    renku      text    NOT NULL,
    issuer     text    NOT NULL,
    subject    text    NOT NULL,
    name       text    NOT NULL,
    username   text    NOT NULL,
    created_at bigint  NOT NULL,
    UNIQUE (renku, issuer, subject)
);

-- Tokens are sealed with a key that is not in this database.
CREATE TABLE credentials (
    person        uuid    NOT NULL PRIMARY KEY REFERENCES people (id),
    access        bytea   NOT NULL,
    access_until  bigint  NOT NULL,
    refresh       bytea,
    refresh_until bigint,
    rotates       boolean,
    state_name    text    NOT NULL,
    state         text    NOT NULL,
    revision      bigint  NOT NULL,
    signed_in_at  bigint  NOT NULL,
    updated_at    bigint  NOT NULL
);
CREATE INDEX credentials_by_sign_in ON credentials (signed_in_at);
CREATE INDEX credentials_disconnecting ON credentials (updated_at) WHERE state_name = 'disconnecting';

CREATE TABLE sign_in_attempts (
    handle    bytea   NOT NULL PRIMARY KEY,
    renku     text    NOT NULL,
    browser   bytea   NOT NULL,
    secrets   bytea   NOT NULL,
    next_path text    NOT NULL,
    ends_at   bigint  NOT NULL
);
CREATE INDEX sign_in_attempts_by_end ON sign_in_attempts (ends_at);

CREATE TABLE sessions (
    hash    bytea   NOT NULL PRIMARY KEY,
    csrf    text    NOT NULL,
    ends_at bigint  NOT NULL
);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE session_people (
    session  bytea   NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE,
    position bigint  NOT NULL,
    person   uuid    NOT NULL,
    PRIMARY KEY (session, position)
);
CREATE INDEX session_people_by_person ON session_people (person);
