-- From an instance whose sequencer does not lead, after it committed events. Not in the writers' transactions, and at most
-- once in a while: NOTIFY takes a database-wide lock at commit. $1: the name of this instance.
SELECT pg_notify('gatehouse_wake', $1)

-- For example: 'instance'
