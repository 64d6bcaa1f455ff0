-- One kind of alert more: the certificate that is shown to an endpoint's receiver expires. Nobody needs a connection to know, so
-- they are looked through, by tenant: most endpoints have none.
ALTER TABLE gatehouse.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE gatehouse.alert ADD CONSTRAINT alert_kind_check CHECK (kind BETWEEN 1 AND 9);

CREATE INDEX endpoint_client_certificate ON gatehouse.endpoint (tenant_id, endpoint_id) WHERE client_certificate <> '';
