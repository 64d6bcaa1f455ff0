-- The heads of all tenants, and whether everything that was committed when an earlier snapshot was taken ($1, '' for none)
-- has its place at or below them; and a snapshot of now, for the next time. One statement: all of it is of one moment.
WITH cursor AS MATERIALIZED (
  SELECT s.snapshot, n.snapshot AS now, s.halted OR pg_snapshot_xmax(s.snapshot) > pg_snapshot_xmax(n.snapshot) AS halted
  FROM gatehouse.sequencer s, (SELECT pg_current_snapshot() AS snapshot) n
), since AS MATERIALIZED (
  SELECT nullif($1, '')::pg_snapshot AS snapshot
), waiting AS (
  -- What the sequencer's next pass would find (sequence.sql), as far as it is old enough.
  SELECT e.xid FROM gatehouse.unsealed_event e
  WHERE e.xid >= (SELECT pg_snapshot_xmax(snapshot) FROM cursor) AND e.xid < (SELECT pg_snapshot_xmax(snapshot) FROM since)
  UNION ALL
  SELECT e.xid FROM gatehouse.unsealed_event e WHERE e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snapshot) FROM cursor))
)
SELECT cursor.now::text,
       since.snapshot IS NOT NULL AND NOT cursor.halted
         AND NOT EXISTS (SELECT FROM waiting WHERE pg_visible_in_snapshot(waiting.xid, since.snapshot)) AS complete,
       h.tenant_id, h.size
FROM cursor CROSS JOIN since LEFT JOIN gatehouse.event_log_head h ON true
ORDER BY h.tenant_id

-- For example: ''
-- For example, after up_to_date(): pg_current_snapshot()::text
