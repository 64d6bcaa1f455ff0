-- Whoever enables an endpoint says that it works again: what failed is due now.
UPDATE gatehouse.endpoint_delivery
SET consecutive_failures = 0, breaker_open = false, failing_since = NULL, exhausted_count = 0,
    -- Its alert of FAILING is resolved with this.
    alerted = alerted & ~2,
    next_due = CASE WHEN retrying_count > 0 THEN $3::timestamptz END
WHERE tenant_id = $1 AND endpoint_id = $2

-- For example: tenant(), endpoint_id(1), present()
