-- Somebody came from a Dataverse: sealed, for an hour, or until an import came of it.
CREATE TABLE launches (
    handle  bytea   NOT NULL PRIMARY KEY,
    content bytea,
    person  uuid,
    import  uuid,
    ends_at bigint  NOT NULL,
    CHECK ((content IS NULL) = (import IS NOT NULL)),
    CHECK ((person IS NULL) = (import IS NULL))
);
CREATE INDEX launches_by_end ON launches (ends_at);

-- What somebody chose when they last came from an installation.
CREATE TABLE launch_choices (
    person       uuid   NOT NULL REFERENCES people (id),
    installation text    NOT NULL,
    renku        text    NOT NULL,
    api          text    NOT NULL,
    project      text    NOT NULL,
    chosen_at    bigint  NOT NULL,
    PRIMARY KEY (person, installation)
);
