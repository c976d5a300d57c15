-- Whose sign-in serves the subscriptions that administrators made, one person for each Renku.
CREATE TABLE service_people (
    renku  text   NOT NULL PRIMARY KEY,
    person uuid   NOT NULL REFERENCES people (id),
    since  bigint NOT NULL
);

-- Whether the service person imports instead of the owner.
ALTER TABLE subscriptions ADD COLUMN service boolean NOT NULL DEFAULT false;

-- Two administrators who ask for the same get the same.
CREATE UNIQUE INDEX subscriptions_served_once ON subscriptions (installation, pid, project) WHERE service AND state <> 'ended';
