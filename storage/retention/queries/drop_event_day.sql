SELECT gatehouse.drop_event_day()

-- Not measured: drops a table, once a day.
