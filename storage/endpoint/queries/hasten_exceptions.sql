UPDATE gatehouse.webhook_exception
SET due = $3
-- What waits for an earlier one of its ordering key goes on waiting for that.
WHERE tenant_id = $1 AND endpoint_id = $2 AND state = 2 AND due > $3 AND due < 'infinity'

-- For example: tenant(), endpoint_id(1), present() - interval '1 day'
