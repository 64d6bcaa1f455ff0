SELECT version, name, direction,
       to_char(applied_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), duration_ms, applied_by
FROM gatehouse.schema_migration_history
ORDER BY entry DESC
LIMIT $1::bigint
