ALTER TABLE gatehouse.endpoint DROP COLUMN payload_filter;
DROP TABLE gatehouse.event_type;
