DROP TABLE gatehouse.request;
DROP TABLE gatehouse.tenant;
DROP FUNCTION gatehouse.require(boolean, text);
