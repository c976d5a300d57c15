-- Until when the confirmation of a launch is somebody's turn, whichever process carries it out.
ALTER TABLE launches ADD COLUMN claimed_until bigint;

-- The code of what an import ended with or waits because of, so that lists find what waits for its person.
ALTER TABLE imports ADD COLUMN problem text;
UPDATE imports SET problem = COALESCE(state::json #>> '{end,problem,code}', state::json #>> '{condition,problem,code}');
