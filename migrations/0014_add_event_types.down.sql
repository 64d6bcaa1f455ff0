DROP TABLE gatehouse.event_type;
