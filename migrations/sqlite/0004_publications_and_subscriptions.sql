-- What a Dataverse announced, or we noticed. Each leads to one look at its dataset.
CREATE TABLE publications (
    id           BLOB    NOT NULL PRIMARY KEY,
    installation TEXT    NOT NULL,
    pid          TEXT    NOT NULL,
    dataset_id   INTEGER,
    announced    TEXT,
    source       TEXT    NOT NULL,
    invocation   TEXT,
    state        TEXT    NOT NULL,
    problem      TEXT,
    found        TEXT,
    imports      INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    due_at       INTEGER,
    nudged_at    INTEGER,
    received_at  INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX publications_by_invocation ON publications (installation, invocation) WHERE invocation IS NOT NULL;
CREATE INDEX publications_of_dataset ON publications (installation, pid, id);
CREATE INDEX publications_due ON publications (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX publications_open ON publications (id) WHERE due_at IS NOT NULL;

-- Runs of a Dataverse's workflow that waited for us with their datasets locked.
CREATE TABLE invocations (
    id           BLOB    NOT NULL PRIMARY KEY,
    installation TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    pid          TEXT    NOT NULL,
    dataset_id   INTEGER,
    state        TEXT    NOT NULL,
    problem      TEXT,
    revision     INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    due_at       INTEGER,
    nudged_at    INTEGER,
    received_at  INTEGER NOT NULL,
    ended_at     INTEGER,
    UNIQUE (installation, name)
) STRICT;
CREATE INDEX invocations_due ON invocations (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX invocations_open ON invocations (id) WHERE due_at IS NOT NULL;
CREATE INDEX invocations_given_up ON invocations (ended_at) WHERE state = 'given_up';

-- Datasets that somebody is subscribed to, and what the last look showed.
CREATE TABLE watched (
    installation     TEXT    NOT NULL,
    pid              TEXT    NOT NULL,
    look_at          INTEGER NOT NULL,
    looked_at        INTEGER,
    failures         INTEGER NOT NULL,
    version          TEXT,
    dataset_id       INTEGER,
    version_id       INTEGER,
    last_update      INTEGER,
    title            TEXT,
    deaccessioned_at INTEGER,
    problem          TEXT,
    PRIMARY KEY (installation, pid)
) STRICT, WITHOUT ROWID;
CREATE INDEX watched_by_look ON watched (installation, look_at);

CREATE TABLE subscriptions (
    id              BLOB    NOT NULL PRIMARY KEY,
    person          BLOB    NOT NULL,
    renku           TEXT    NOT NULL,
    api             TEXT    NOT NULL,
    installation    TEXT    NOT NULL,
    pid             TEXT    NOT NULL,
    project         TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    problem         TEXT,
    revision        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    mail_to         TEXT,
    language        TEXT,
    unsubscribe_key TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX subscriptions_once ON subscriptions (person, installation, pid, project) WHERE state <> 'ended';
CREATE INDEX subscriptions_of_person ON subscriptions (person, id);
CREATE INDEX subscriptions_of_dataset ON subscriptions (installation, pid, id) WHERE state <> 'ended';

-- Which version went where. The key is the rule: each state of a version is handed on once. last_update is 0 where Dataverse tells none.
CREATE TABLE ledger (
    subscription BLOB    NOT NULL REFERENCES subscriptions (id),
    version_id   INTEGER NOT NULL,
    last_update  INTEGER NOT NULL,
    version      TEXT    NOT NULL,
    noticed_at   INTEGER NOT NULL,
    publication  BLOB,
    import       BLOB    REFERENCES imports (id),
    outcome      TEXT    NOT NULL,
    problem      TEXT,
    settled_at   INTEGER,
    PRIMARY KEY (subscription, version_id, last_update)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_open ON ledger (import) WHERE outcome = 'open';

-- Mails that wait to be sent; sent ones keep their key only, so that nothing is told twice.
CREATE TABLE outbox (
    id           BLOB    NOT NULL PRIMARY KEY,
    told         TEXT    NOT NULL UNIQUE,
    subscription BLOB    NOT NULL REFERENCES subscriptions (id),
    import       BLOB,
    kind         TEXT    NOT NULL,
    mail_to      TEXT,
    language     TEXT,
    letter       TEXT,
    attempts     INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    due_at       INTEGER,
    over_at      INTEGER,
    problem      TEXT
) STRICT;
CREATE INDEX outbox_of_import ON outbox (import, kind);
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
