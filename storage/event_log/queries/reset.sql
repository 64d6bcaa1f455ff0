-- Starts the sequencer anew from this cluster's transactions: orders every visible event that has no place yet and sets the
-- cursor to now. One statement, for the same reason as sequence.sql.
WITH state AS MATERIALIZED (
  SELECT s.epoch, n.snapshot AS now FROM gatehouse.sequencer s, (SELECT pg_current_snapshot() AS snapshot) n
), advanced AS (
  UPDATE gatehouse.sequencer s SET epoch = s.epoch + 1, halted = false, snapshot = st.now
  FROM state st WHERE s.epoch = st.epoch
  RETURNING s.epoch
), forgotten AS (
  -- Ids of the cluster the rows came from, which this one is going to use again.
  UPDATE gatehouse.event e SET xid = '0'
  WHERE e.xid >= (SELECT pg_snapshot_xmin(now) FROM state) AND EXISTS (SELECT FROM advanced)
), numbered AS MATERIALIZED (
  SELECT e.*, coalesce(h.size, 0) + row_number() OVER (PARTITION BY e.tenant_id ORDER BY e.xid, e.event_id) AS index
  FROM gatehouse.event e LEFT JOIN gatehouse.event_log_head h ON h.tenant_id = e.tenant_id
  WHERE EXISTS (SELECT FROM advanced)
    AND NOT EXISTS (SELECT FROM gatehouse.event_order o WHERE o.tenant_id = e.tenant_id AND o.event_id = e.event_id)
    -- Before it those without a place had one, and are gone.
    AND e.event_id >= (SELECT kept_from FROM gatehouse.event_cut)
), heads AS (
  INSERT INTO gatehouse.event_log_head AS h (tenant_id, size)
  SELECT tenant_id, max(index) FROM numbered GROUP BY tenant_id
  ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size
), targets AS (
  INSERT INTO gatehouse.event_target (tenant_id, target_id, index)
  SELECT DISTINCT n.tenant_id, t.value ->> 'id', n.index
  FROM numbered n, jsonb_array_elements(n.targets) t
  WHERE t.value ->> 'id' <> ''
), ordered AS (
  INSERT INTO gatehouse.event_order (tenant_id, index, event_id, type, actor_id, outcome, occurred_time,
                                     recorded_time, leaf_hash)
  SELECT tenant_id, index, event_id, type, actor_id, outcome, occurred_time, recorded_time, leaf_hash FROM numbered
  RETURNING index
)
SELECT (SELECT count(*) FROM advanced) AS advanced, (SELECT count(*) FROM ordered) AS ordered

-- Not measured: orders what a restored database holds, once, when an operator asks for it.
