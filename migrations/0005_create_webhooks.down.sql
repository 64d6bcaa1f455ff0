DROP TABLE gatehouse.webhook_fanout;
DROP FUNCTION gatehouse.create_attempt_partition(date);
DROP TABLE gatehouse.webhook_attempt;
DROP TABLE gatehouse.webhook_exception;
DROP TABLE gatehouse.endpoint_delivery;
DROP TABLE gatehouse.endpoint;
