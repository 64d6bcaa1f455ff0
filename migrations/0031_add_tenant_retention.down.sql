DROP TABLE gatehouse.tenant_retention;
