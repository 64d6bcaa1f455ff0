-- Events that have no place in the log yet: as progress.sql, of one tenant. The sequencer has been through everything that was over
-- when it looked last.
SELECT count(*)
FROM gatehouse.unsealed_event e
WHERE e.tenant_id = $1::uuid AND e.xid >= (SELECT pg_snapshot_xmin(snapshot) FROM gatehouse.sequencer)
  AND NOT EXISTS (SELECT FROM gatehouse.event_order o WHERE o.tenant_id = e.tenant_id AND o.event_id = e.event_id)

-- Not measured: a few times, when a tenant moves.
