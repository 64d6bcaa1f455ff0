-- $1 owner, $2 time. Of each tenant when the first event was recorded that an endpoint which somebody else delivers to, or
-- nobody, has still to be sent; if it is enabled, not taken to be down, and was not held back by its own rate at that time. A
-- position is before the first event that has not been tried.
SELECT b.tenant_id, o.recorded_time
FROM (
  SELECT d.tenant_id, min(d.position) AS position
  FROM gatehouse.endpoint_delivery d
  JOIN gatehouse.endpoint e USING (tenant_id, endpoint_id)
  WHERE d.behind AND NOT d.breaker_open AND d.created_event_id IS NULL AND e.state = 1
    AND d.owner IS DISTINCT FROM $1
    AND NOT (e.max_per_second > 0 AND d.paced_until IS NOT NULL AND d.paced_until >= $2)
  GROUP BY d.tenant_id
) b
JOIN gatehouse.event_order o ON o.tenant_id = b.tenant_id AND o.index = b.position + 1

-- Not measured: looks at every endpoint that is behind, as lease_due.sql does.
