-- As list_event_days.sql, of attempts.
SELECT p.day - date '1970-01-01'
FROM gatehouse.partition_days('webhook_attempt') p
WHERE EXISTS (
  SELECT FROM gatehouse.webhook_attempt a
  WHERE a.tenant_id = $1::uuid AND a.attempt_id >= gatehouse.first_id_of(p.day) AND a.attempt_id < gatehouse.first_id_of(p.day + 1))
ORDER BY p.day

-- Not measured: looks into every day that is kept, once, when a tenant moves.
