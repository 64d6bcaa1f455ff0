-- One pass of the sequencer: gives every event that committed since the last pass, and every one that committed late, the
-- next index of its tenant. $1: how many events to take, more or less: a pass ends at a transaction's boundary. $2: the name
-- of this instance, for its own listener to tell its own passes.
--
-- It is ONE statement because its parts have to see one snapshot. `lo` is where the last pass ended, `hi` where this one
-- ends: visible rows in between are new, visible rows of transactions that were in progress last time are late.
-- Always returns at least one row; the first columns tell how the pass went.
WITH leader AS MATERIALIZED (
  -- The lock belongs to the connection, as does the setting that remembers it. Who leads makes a pass each second at least: one that
  -- hangs, with its connection standing, would keep all others from it for ever, so Postgres ends the session.
  SELECT coalesce(current_setting('gatehouse.sequencer', true), '') = 'leads'
         OR (pg_try_advisory_lock(hashtextextended('gatehouse.sequencer', 0))
             AND set_config('idle_session_timeout', '15s', false) = '15s'
             AND set_config('gatehouse.sequencer', 'leads', false) = 'leads') AS leads
), state AS MATERIALIZED (
  SELECT s.epoch, s.snapshot, pg_snapshot_xmax(s.snapshot) AS lo, n.snapshot AS now, pg_snapshot_xmax(n.snapshot) AS now_xmax,
         s.halted OR pg_snapshot_xmax(s.snapshot) > pg_snapshot_xmax(n.snapshot) AS halted
  FROM gatehouse.sequencer s, (SELECT pg_current_snapshot() AS snapshot) n
  WHERE (SELECT leads FROM leader)
), recent AS MATERIALIZED (
  -- The whole transaction of the row at which the batch is full belongs to it.
  SELECT e.tenant_id, e.event_id, e.xid, e.type, e.actor_id, e.targets, e.outcome,
         e.occurred_time, e.recorded_time, e.leaf_hash
  FROM gatehouse.unsealed_event e
  WHERE e.xid >= (SELECT lo FROM state WHERE NOT halted)
  ORDER BY e.xid FETCH FIRST $1 ROWS WITH TIES
), bound AS MATERIALIZED (
  SELECT full_at IS NOT NULL AS more, coalesce((full_at::text::bigint + 1)::text::xid8, now_xmax) AS hi
  FROM state LEFT JOIN LATERAL (
    SELECT xid AS full_at FROM recent WHERE (SELECT count(*) FROM recent) >= $1 ORDER BY xid DESC LIMIT 1
  ) f ON true
  WHERE NOT halted
), found AS MATERIALIZED (
  SELECT * FROM recent
  UNION ALL
  SELECT e.tenant_id, e.event_id, e.xid, e.type, e.actor_id, e.targets, e.outcome,
         e.occurred_time, e.recorded_time, e.leaf_hash
  FROM gatehouse.unsealed_event e
  WHERE e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snapshot) FROM state WHERE NOT halted))
), advanced AS (
  -- The compare-and-swap: whoever finds another epoch than it read writes nothing.
  UPDATE gatehouse.sequencer s SET
    epoch = s.epoch + 1,
    halted = st.halted,
    snapshot = CASE WHEN st.halted THEN s.snapshot ELSE (
      SELECT format('%s:%s:%s', coalesce(min(x.xid), b.hi::text::bigint), b.hi, string_agg(x.xid::text, ',' ORDER BY x.xid))
      FROM bound b
      LEFT JOIN LATERAL (SELECT p::text::bigint AS xid FROM pg_snapshot_xip(st.now) p WHERE p < b.hi) x ON true
      GROUP BY b.hi)::pg_snapshot END
  FROM state st
  WHERE s.epoch = st.epoch AND (EXISTS (SELECT FROM found) OR st.halted <> s.halted)
  RETURNING s.epoch
), numbered AS MATERIALIZED (
  -- Commit order where it can be known: what committed before another began has the smaller xid.
  SELECT f.*, coalesce(h.size, 0) + row_number() OVER (PARTITION BY f.tenant_id ORDER BY f.xid, f.event_id) AS index
  FROM found f LEFT JOIN gatehouse.event_log_head h ON h.tenant_id = f.tenant_id
  WHERE EXISTS (SELECT FROM advanced)
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
  RETURNING tenant_id, index, event_id, type
), notified AS MATERIALIZED (
  -- Once per pass and never by writers: NOTIFY takes a database-wide lock at commit.
  SELECT pg_notify('gatehouse_log', $2) FROM advanced WHERE EXISTS (SELECT FROM ordered)
)
SELECT leader.leads, coalesce(state.halted, false) AS halted,
       coalesce((SELECT more FROM bound), false) AS more, (SELECT count(*) FROM notified) AS notified,
       ordered.tenant_id, ordered.index, ordered.event_id, ordered.type
FROM leader LEFT JOIN state ON true LEFT JOIN ordered ON true
ORDER BY ordered.tenant_id, ordered.index

-- For example, after new_events(): 1000, 'instance'
