-- What people call the dataset, and what they find it by: title and PID in lower case.

ALTER TABLE imports ADD COLUMN title TEXT;
ALTER TABLE imports ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE imports SET search = LOWER(pid);
