-- $14: how many a user may have.
WITH room AS (
  SELECT (SELECT count(*) FROM gatehouse.passkey WHERE tenant_id = $1 AND user_id = $2) < $14 AS is_there
), made AS (
  INSERT INTO gatehouse.passkey (
    tenant_id, user_id, passkey_id, credential_id, algorithm, public_key, sign_count, aaguid, transports, backup_eligible,
    backed_up, display_name, create_time)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
  FROM room
  WHERE is_there
  ON CONFLICT (tenant_id, credential_id) DO NOTHING
  RETURNING 1)
SELECT gatehouse.require((SELECT is_there FROM room), 'LIMIT_REACHED'),
       gatehouse.require((SELECT count(*) FROM made) = 1, 'PASSKEY_INVALID')

-- For example: tenant(), id($row / 100 * 100 + 1), new_id(), 'new', -7, '', 0, id(0), '{}', true, true, '', present(), 20
