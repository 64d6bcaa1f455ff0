-- Takes what is due at $1, for $2 milliseconds: at most $3, of the tenants by turns, so that one with many holds up no other.
-- Those of tenants that are frozen wait. A lease is judged by the database's clock, whatever the servers' say.
WITH RECURSIVE waiting (tenant_id) AS (
  (SELECT tenant_id FROM gatehouse.mail WHERE state <= 2 ORDER BY tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT m.tenant_id FROM gatehouse.mail m WHERE m.state <= 2 AND m.tenant_id > w.tenant_id
          ORDER BY m.tenant_id LIMIT 1)
  FROM waiting w
  WHERE w.tenant_id IS NOT NULL
), active AS MATERIALIZED (
  SELECT w.tenant_id
  FROM waiting w
  WHERE w.tenant_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM gatehouse.tenant t WHERE t.tenant_id = w.tenant_id AND t.state <> 1)
), pick AS MATERIALIZED (
  SELECT due.tenant_id, due.mail_id
  FROM active a
  CROSS JOIN LATERAL (
    SELECT m.tenant_id, m.mail_id, m.due_time
    FROM gatehouse.mail m
    WHERE m.tenant_id = a.tenant_id AND m.state <= 2 AND m.due_time <= $1
      AND (m.lease_until IS NULL OR m.lease_until < now())
    ORDER BY m.due_time
    LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED) due
  ORDER BY row_number() OVER (PARTITION BY due.tenant_id ORDER BY due.due_time), due.due_time
  LIMIT $3
)
UPDATE gatehouse.mail m
SET lease_until = now() + $2::bigint * interval '1 millisecond', fence = m.fence + 1, attempt_count = m.attempt_count + 1
FROM pick
WHERE m.tenant_id = pick.tenant_id AND m.mail_id = pick.mail_id
RETURNING m.tenant_id, m.mail_id, m.kind::integer, m.state::integer, m.user_id, m.content, m.create_time, m.expire_time,
          m.attempt_count, m.fence

-- For example: present(), 60000, 8
