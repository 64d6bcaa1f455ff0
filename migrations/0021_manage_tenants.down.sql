DROP TABLE gatehouse.tenant_host;

DROP INDEX gatehouse.tenant_name;

ALTER TABLE gatehouse.tenant
  DROP COLUMN display_name,
  DROP COLUMN state,
  DROP COLUMN moved_to,
  DROP COLUMN labels,
  DROP COLUMN update_time,
  DROP COLUMN version,
  ALTER COLUMN name TYPE text COLLATE "default";
