ALTER TABLE gatehouse.endpoint_delivery
  DROP COLUMN alerted,
  DROP COLUMN recent;

DROP TABLE gatehouse.alert;
