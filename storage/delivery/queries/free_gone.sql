-- Ends the leases of instances other than $1 whose connection, and so their lock, is gone; how many.
WITH gone AS (
  DELETE FROM gatehouse.deliverer
  WHERE instance_id <> $1 AND pg_try_advisory_xact_lock_shared(lock_key)
  RETURNING instance_id
), freed AS (
  -- Their fences stay: one that lives nevertheless goes on if it renews before somebody else leases.
  UPDATE gatehouse.endpoint_delivery d
  SET lease_until = '-infinity'
  FROM gone
  WHERE d.owner = gone.instance_id AND (d.behind OR d.next_due IS NOT NULL)
  RETURNING 1
)
SELECT count(*) FROM freed

-- For example: endpoint_id(1)
