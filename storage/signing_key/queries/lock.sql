-- Rotations of one tenant take turns, until the end of the transaction. A
-- statement of its own: the next one's snapshot then sees what the other wrote.
SELECT tenant_id FROM gatehouse.tenant WHERE tenant_id = $1 FOR NO KEY UPDATE;

-- For example: tenant()
