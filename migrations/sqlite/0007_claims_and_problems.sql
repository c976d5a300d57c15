-- Until when the confirmation of a launch is somebody's turn, whichever process carries it out.
ALTER TABLE launches ADD COLUMN claimed_until INTEGER;

-- The code of what an import ended with or waits because of, so that lists find what waits for its person.
ALTER TABLE imports ADD COLUMN problem TEXT;
UPDATE imports SET problem = COALESCE(json_extract(state, '$.end.problem.code'), json_extract(state, '$.condition.problem.code'));
