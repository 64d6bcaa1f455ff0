DROP TABLE gatehouse.sequencer;
DROP TABLE gatehouse.event_log_head;
DROP TABLE gatehouse.event_target;
DROP TABLE gatehouse.event_order;
DROP FUNCTION gatehouse.create_daily_partition(text, text, date);
DROP TABLE gatehouse.event;
