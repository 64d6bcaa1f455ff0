-- Once for a cluster, as a superuser: three roles and the database. docs/operating/database.md tells how to use them.

-- Owns the schema: `gatehouse migrate`, `gatehouse log reset`, grants.sql.
CREATE ROLE gatehouse_owner LOGIN;
-- `gatehouse serve` and `gatehouse seed`. What it may do is in grants.sql.
CREATE ROLE gatehouse_server LOGIN;
-- pg_dump. It reads everything and changes nothing.
CREATE ROLE gatehouse_backup LOGIN;
GRANT pg_read_all_data TO gatehouse_backup;

CREATE DATABASE gatehouse OWNER gatehouse_owner ENCODING 'UTF8' TEMPLATE template0;
-- Nobody else of the cluster gets in, and nobody makes temporary tables.
REVOKE ALL ON DATABASE gatehouse FROM PUBLIC;
GRANT CONNECT ON DATABASE gatehouse TO gatehouse_server, gatehouse_backup;
