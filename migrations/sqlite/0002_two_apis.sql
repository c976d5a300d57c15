-- Which of Renku's two services an import goes to. Everything before this was for Renku 1's core service.

ALTER TABLE imports ADD COLUMN api TEXT NOT NULL DEFAULT 'core';
DROP INDEX imports_queued;
CREATE INDEX imports_queued ON imports (renku, api, person, id, condition, project) WHERE phase = 'queued' AND due_at IS NOT NULL;

-- Each service of a Renku has slots of its own.
CREATE TABLE slots_of_services (
    renku      TEXT    NOT NULL,
    api        TEXT    NOT NULL,
    ordinal    INTEGER NOT NULL CHECK (ordinal >= 0),
    project    TEXT    NOT NULL,
    import     BLOB    NOT NULL UNIQUE REFERENCES imports (id),
    person     BLOB    NOT NULL,
    taken_at   INTEGER NOT NULL,
    release_at INTEGER,
    PRIMARY KEY (renku, api, ordinal),
    UNIQUE (renku, api, project)
) STRICT;
INSERT INTO slots_of_services SELECT renku, 'core', ordinal, project, import, person, taken_at, release_at FROM slots;
DROP TABLE slots;
ALTER TABLE slots_of_services RENAME TO slots;
