-- As a superuser, connected to any other database: three roles, and the database, where they are not there yet.
-- docs/operating/database.md tells how to use them.

-- gatehouse_owner owns the schema: `gatehouse migrate`, `gatehouse log reset`, grants.sql. gatehouse_server is for `gatehouse serve`
-- and `gatehouse seed`; what it may do is in grants.sql. gatehouse_backup reads everything, for pg_dump.
SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['gatehouse_owner', 'gatehouse_server', 'gatehouse_backup']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

GRANT pg_read_all_data TO gatehouse_backup;

SELECT 'CREATE DATABASE gatehouse OWNER gatehouse_owner ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'gatehouse')
\gexec

-- Nobody else of the cluster gets in, and nobody makes temporary tables.
REVOKE ALL ON DATABASE gatehouse FROM PUBLIC;
GRANT CONNECT ON DATABASE gatehouse TO gatehouse_server, gatehouse_backup;
