-- What servers are at: endpoints whose webhooks may be on their way, and mails. Leases that have run out are of servers that are gone.
SELECT (SELECT count(*) FROM gatehouse.endpoint_delivery d
        WHERE d.tenant_id = $1::uuid AND d.owner IS NOT NULL AND d.lease_until >= now()),
       (SELECT count(*) FROM gatehouse.mail m WHERE m.tenant_id = $1::uuid AND m.state <= 2 AND m.lease_until >= now())

-- Not measured: a few times, when a tenant moves.
