-- What a Dataverse announced, or we noticed. Each leads to one look at its dataset.
CREATE TABLE publications (
    id           uuid    NOT NULL PRIMARY KEY,
    installation text    NOT NULL,
    pid          text    NOT NULL,
    dataset_id   bigint,
    announced    text,
    source       text    NOT NULL,
    invocation   text,
    state        text    NOT NULL,
    problem      text,
    found        text,
    imports      bigint  NOT NULL,
    revision     bigint  NOT NULL,
    attempts     bigint  NOT NULL,
    due_at       bigint,
    nudged_at    bigint,
    received_at  bigint  NOT NULL,
    ended_at     bigint
);
CREATE UNIQUE INDEX publications_by_invocation ON publications (installation, invocation) WHERE invocation IS NOT NULL;
CREATE INDEX publications_of_dataset ON publications (installation, pid, id);
CREATE INDEX publications_due ON publications (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX publications_open ON publications (id) WHERE due_at IS NOT NULL;

-- Runs of a Dataverse's workflow that waited for us with their datasets locked.
CREATE TABLE invocations (
    id           uuid    NOT NULL PRIMARY KEY,
    installation text    NOT NULL,
    name         text    NOT NULL,
    pid          text    NOT NULL,
    dataset_id   bigint,
    state        text    NOT NULL,
    problem      text,
    revision     bigint  NOT NULL,
    attempts     bigint  NOT NULL,
    due_at       bigint,
    nudged_at    bigint,
    received_at  bigint  NOT NULL,
    ended_at     bigint,
    UNIQUE (installation, name)
);
CREATE INDEX invocations_due ON invocations (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX invocations_open ON invocations (id) WHERE due_at IS NOT NULL;
CREATE INDEX invocations_given_up ON invocations (ended_at) WHERE state = 'given_up';

-- Datasets that somebody is subscribed to, and what the last look showed.
CREATE TABLE watched (
    installation     text    NOT NULL,
    pid              text    NOT NULL,
    look_at          bigint  NOT NULL,
    looked_at        bigint,
    failures         bigint  NOT NULL,
    version          text,
    dataset_id       bigint,
    version_id       bigint,
    last_update      bigint,
    title            text,
    deaccessioned_at bigint,
    problem          text,
    PRIMARY KEY (installation, pid)
);
CREATE INDEX watched_by_look ON watched (installation, look_at);

CREATE TABLE subscriptions (
    id              uuid    NOT NULL PRIMARY KEY,
    person          uuid    NOT NULL,
    renku           text    NOT NULL,
    api             text    NOT NULL,
    installation    text    NOT NULL,
    pid             text    NOT NULL,
    project         text    NOT NULL,
    state           text    NOT NULL,
    problem         text,
    revision        bigint  NOT NULL,
    created_at      bigint  NOT NULL,
    changed_at      bigint  NOT NULL,
    mail_to         text,
    language        text,
    unsubscribe_key text    NOT NULL
);
CREATE UNIQUE INDEX subscriptions_once ON subscriptions (person, installation, pid, project) WHERE state <> 'ended';
CREATE INDEX subscriptions_of_person ON subscriptions (person, id);
CREATE INDEX subscriptions_of_dataset ON subscriptions (installation, pid, id) WHERE state <> 'ended';

-- Which version went where. The key is the rule: each state of a version is handed on once. last_update is 0 where Dataverse tells none.
CREATE TABLE ledger (
    subscription uuid    NOT NULL REFERENCES subscriptions (id),
    version_id   bigint  NOT NULL,
    last_update  bigint  NOT NULL,
    version      text    NOT NULL,
    noticed_at   bigint  NOT NULL,
    publication  uuid,
    import       uuid    REFERENCES imports (id),
    outcome      text    NOT NULL,
    problem      text,
    settled_at   bigint,
    PRIMARY KEY (subscription, version_id, last_update)
);
CREATE INDEX ledger_open ON ledger (import) WHERE outcome = 'open';

-- Mails that wait to be sent; sent ones keep their key only, so that nothing is told twice.
CREATE TABLE outbox (
    id           uuid    NOT NULL PRIMARY KEY,
    told         text    NOT NULL UNIQUE,
    subscription uuid    NOT NULL REFERENCES subscriptions (id),
    import       uuid,
    kind         text    NOT NULL,
    mail_to      text,
    language     text,
    letter       text,
    attempts     bigint  NOT NULL,
    created_at   bigint  NOT NULL,
    due_at       bigint,
    over_at      bigint,
    problem      text
);
CREATE INDEX outbox_of_import ON outbox (import, kind);
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
