-- How many events at the beginning of the log of tenant $1 come before the first one that is not from before the day $2 (since
-- 1970-01-01), of the next $3.
SELECT coalesce(
  (SELECT o.index
   FROM gatehouse.event_order o
   WHERE o.tenant_id = $1 AND o.index >= s.first_index AND o.index < s.first_index + $3::bigint
     AND o.event_id >= gatehouse.first_id_of(date '1970-01-01' + $2::integer)
   ORDER BY o.index
   LIMIT 1),
  least(s.first_index + $3::bigint, s.size + 1)) - s.first_index
FROM (
  SELECT coalesce((SELECT l.first_index FROM gatehouse.event_log_start l WHERE l.tenant_id = $1), 1) AS first_index,
         coalesce((SELECT h.size FROM gatehouse.event_log_head h WHERE h.tenant_id = $1), 0) AS size) s

-- For example: tenant(), 20000, 100
