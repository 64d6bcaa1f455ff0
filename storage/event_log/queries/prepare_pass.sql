-- For what follows the cursor in the same transaction: sequence.sql, progress.sql. The planner cannot know how few rows lie above the cursor: statistics
-- of a partition that is being filled are always out of date, and a sequential scan of it would be chosen some day.
SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)

-- For example, without parameters.
