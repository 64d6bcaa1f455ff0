DROP INDEX gatehouse.webhook_exception_order;

-- What waited for others does so no longer: the version before knows no order.
UPDATE gatehouse.endpoint_delivery d SET next_due = least(d.next_due, now())
WHERE EXISTS (
  SELECT FROM gatehouse.webhook_exception x
  WHERE x.tenant_id = d.tenant_id AND x.endpoint_id = d.endpoint_id AND x.state = 2 AND x.due = 'infinity');
UPDATE gatehouse.webhook_exception SET due = now() WHERE state = 2 AND due = 'infinity';

ALTER TABLE gatehouse.webhook_exception DROP COLUMN ordering_key;

ALTER TABLE gatehouse.endpoint_delivery DROP COLUMN paced_until;

ALTER TABLE gatehouse.endpoint
  DROP COLUMN max_per_second,
  DROP COLUMN max_burst,
  DROP COLUMN retry_delays_ms,
  DROP COLUMN http2,
  DROP COLUMN ca_certificates,
  DROP COLUMN client_certificate,
  DROP COLUMN client_key;
