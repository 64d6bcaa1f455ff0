-- The threads of the user go when its time is over: thread/queries/purge.sql.
WITH deleted AS (
  UPDATE gatehouse.user_account
  SET delete_time = $4, purge_time = $5, update_time = $4, epoch = epoch + 1, version = version + 1
  WHERE tenant_id = $1 AND user_id = $2 AND version = $3 AND delete_time IS NULL
  RETURNING epoch
), purge AS (
  INSERT INTO gatehouse.thread_purge (tenant_id, user_id, due_time)
  SELECT $1, $2, $5
  FROM deleted
  ON CONFLICT (tenant_id, user_id) DO UPDATE SET due_time = excluded.due_time
)
SELECT gatehouse.require(count(*) = 1, 'ETAG_MISMATCH'), max(epoch)
FROM deleted

-- For example: tenant(), id($row), 1, present(), present()
