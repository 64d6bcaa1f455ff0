-- Leases of webhook endpoints end with the server that holds them: while it lives, a connection of its own holds a lock,
-- which Postgres frees when the process dies.

-- Servers that can be seen to live: who finds the lock free knows that the leases of this one are nobody's. Servers that
-- are not here, such as those of the version before, are only given up when their leases have run out. Unlogged: after a
-- crash of the database no lock is left, and each server enters itself anew.
CREATE UNLOGGED TABLE gatehouse.deliverer (
  instance_id uuid PRIMARY KEY,
  -- Of the advisory lock; another one for each connection.
  lock_key    bigint NOT NULL
);
