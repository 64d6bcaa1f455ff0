DROP INDEX gatehouse.endpoint_client_certificate;

DELETE FROM gatehouse.alert_notice n USING gatehouse.alert a
WHERE a.tenant_id = n.tenant_id AND a.alert_id = n.alert_id AND a.kind = 9;
DELETE FROM gatehouse.alert WHERE kind = 9;
ALTER TABLE gatehouse.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE gatehouse.alert ADD CONSTRAINT alert_kind_check CHECK (kind BETWEEN 1 AND 8);
UPDATE gatehouse.alert_destination SET kinds = array_remove(kinds, 9) WHERE 9 = ANY (kinds);
