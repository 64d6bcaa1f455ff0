DROP TABLE gatehouse.webhook_fanout;
DROP TABLE gatehouse.webhook_attempt;
DROP TABLE gatehouse.webhook_exception;
DROP TABLE gatehouse.endpoint_delivery;
DROP TABLE gatehouse.endpoint;
