-- For progress.sql, which follows in the same transaction: as storage/event_log/sequencer_database.h sets it for passes.
SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)

-- For example, without parameters.
