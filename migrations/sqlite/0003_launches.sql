-- Somebody came from a Dataverse: sealed, for an hour, or until an import came of it.
CREATE TABLE launches (
    handle  BLOB    NOT NULL PRIMARY KEY,
    content BLOB,
    person  BLOB,
    import  BLOB,
    ends_at INTEGER NOT NULL,
    CHECK ((content IS NULL) = (import IS NOT NULL)),
    CHECK ((person IS NULL) = (import IS NULL))
) STRICT;
CREATE INDEX launches_by_end ON launches (ends_at);

-- What somebody chose when they last came from an installation.
CREATE TABLE launch_choices (
    person       BLOB    NOT NULL REFERENCES people (id),
    installation TEXT    NOT NULL,
    renku        TEXT    NOT NULL,
    api          TEXT    NOT NULL,
    project      TEXT    NOT NULL,
    chosen_at    INTEGER NOT NULL,
    PRIMARY KEY (person, installation)
) STRICT, WITHOUT ROWID;
