-- The same for all connections to one database, also through a pooler.
SELECT system_identifier::text || '/' || current_database()
FROM pg_control_system()
