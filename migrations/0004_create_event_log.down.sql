DROP TABLE gatehouse.sequencer;
DROP TABLE gatehouse.event_log_head;
DROP TABLE gatehouse.event_order;
DROP TABLE gatehouse.event;
