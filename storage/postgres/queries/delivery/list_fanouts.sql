SELECT tenant_id, position FROM gatehouse.webhook_fanout
