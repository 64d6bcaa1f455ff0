-- An endpoint that is not behind has nothing to wait for up to the tenant's cursor.
SELECT
  -- include columns.sql.part
FROM gatehouse.endpoint e
JOIN gatehouse.endpoint_delivery d USING (tenant_id, endpoint_id)
JOIN gatehouse.webhook_fanout f USING (tenant_id)
WHERE e.tenant_id = $1 AND e.endpoint_id = $2

-- For example: tenant(), endpoint_id(1)
