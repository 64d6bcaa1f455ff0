-- Guarded by the version that was read: a concurrent change aborts.
WITH changed AS (
  UPDATE gatehouse.session
  SET label = $4, thread_id = $5, context = $6, update_time = $7, version = version + 1
  WHERE tenant_id = $1 AND session_id = $2 AND version = $3 AND revoke_time IS NULL
  RETURNING 1
)
SELECT gatehouse.require((SELECT count(*) FROM changed) = 1, 'ETAG_MISMATCH');

-- For example: tenant(), id($row), 1, '', 'thread-new', '{}', present()
