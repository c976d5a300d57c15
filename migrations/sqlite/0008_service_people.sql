-- Whose sign-in serves the subscriptions that administrators made, one person for each Renku.
CREATE TABLE service_people (
    renku  TEXT    NOT NULL PRIMARY KEY,
    person BLOB    NOT NULL REFERENCES people (id),
    since  INTEGER NOT NULL
) STRICT;

-- Whether the service person imports instead of the owner.
ALTER TABLE subscriptions ADD COLUMN service INTEGER NOT NULL DEFAULT 0;

-- Two administrators who ask for the same get the same.
CREATE UNIQUE INDEX subscriptions_served_once ON subscriptions (installation, pid, project) WHERE service = 1 AND state <> 'ended';
