-- Which of Renku's two services an import goes to. Everything before this was for Renku 1's core service.

ALTER TABLE imports ADD COLUMN api text NOT NULL DEFAULT 'core';
DROP INDEX imports_queued;
CREATE INDEX imports_queued ON imports (renku, api, person, id, condition, project) WHERE phase = 'queued' AND due_at IS NOT NULL;

-- Each service of a Renku has slots of its own.
ALTER TABLE slots ADD COLUMN api text NOT NULL DEFAULT 'core';
ALTER TABLE slots ALTER COLUMN api DROP DEFAULT;
ALTER TABLE slots DROP CONSTRAINT slots_pkey;
ALTER TABLE slots ADD PRIMARY KEY (renku, api, ordinal);
ALTER TABLE slots DROP CONSTRAINT slots_renku_project_key;
ALTER TABLE slots ADD UNIQUE (renku, api, project);
