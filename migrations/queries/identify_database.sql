-- The first is the same for all connections to one database, also through a pooler, and for its standbys.
SELECT system_identifier::text || '/' || current_database(), pg_is_in_recovery()
FROM pg_control_system()
