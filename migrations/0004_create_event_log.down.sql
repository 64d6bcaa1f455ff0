DROP TABLE gatehouse.sequencer;
DROP TABLE gatehouse.event_log_head;
DROP TABLE gatehouse.event_target;
DROP TABLE gatehouse.event_order;
DROP FUNCTION gatehouse.create_event_partition(date);
DROP TABLE gatehouse.event;
