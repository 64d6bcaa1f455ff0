-- No row if the tenant takes calls: nobody changes that until the end of the transaction.
SELECT t.tenant_id FROM gatehouse.tenant t WHERE t.tenant_id = $1::uuid AND t.state = 2 FOR UPDATE

-- Not measured: once, when a tenant moves.
