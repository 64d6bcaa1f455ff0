SELECT version, name, checksum, state,
       to_char(applied_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), duration_ms
FROM gatehouse.schema_migration
ORDER BY version
