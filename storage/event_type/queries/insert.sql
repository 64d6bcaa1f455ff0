-- $8: the most types a tenant may have.
INSERT INTO gatehouse.event_type (tenant_id, type, description, schema, create_time, update_time, version)
SELECT $1, $2, $3, $4, $5, $6, $7
FROM (
  SELECT gatehouse.require(
    (SELECT count(*) FROM gatehouse.event_type WHERE tenant_id = $1) < $8::bigint, 'LIMIT_REACHED')
) AS guard

-- For example: tenant(), 'order.new', '', '{}', present(), present(), 1, 1000
