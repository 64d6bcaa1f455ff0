-- What is gone does not come back.
DROP FUNCTION gatehouse.drop_attempt_day(date);
DROP FUNCTION gatehouse.drop_event_day();
DROP FUNCTION gatehouse.trim_event_log(uuid, integer);
DROP FUNCTION gatehouse.first_undelivered(uuid);
DROP FUNCTION gatehouse.cut_event_log(date);
DROP TRIGGER event_dropped ON gatehouse.event_default;
DROP FUNCTION gatehouse.refuse_dropped_event();
DROP FUNCTION gatehouse.next_event_cut(date);
DROP FUNCTION gatehouse.partition_days(text);
DROP FUNCTION gatehouse.first_id_of(date);
DROP TABLE gatehouse.event_log_start;
DROP TABLE gatehouse.event_cut;
