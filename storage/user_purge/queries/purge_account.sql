-- The account of a deleted user goes, with what only it needs; what there may be much of goes by turns. $5: the log forgets
-- the user as well. $6: the API keys that end with it.
WITH gone AS (
  DELETE FROM gatehouse.user_account
  WHERE tenant_id = $1 AND user_id = $2 AND version = $3 AND delete_time IS NOT NULL
  RETURNING 1
), queued AS (
  INSERT INTO gatehouse.user_purge AS p (tenant_id, user_id, due_time, erase)
  VALUES ($1, $2, $4, $5)
  ON CONFLICT (tenant_id, user_id) DO UPDATE
  SET due_time = least(p.due_time, excluded.due_time), erase = p.erase OR excluded.erase
), threads AS (
  INSERT INTO gatehouse.thread_purge AS p (tenant_id, user_id, due_time)
  VALUES ($1, $2, $4)
  ON CONFLICT (tenant_id, user_id) DO UPDATE SET due_time = least(p.due_time, excluded.due_time)
), tokens AS (
  DELETE FROM gatehouse.one_time_token WHERE tenant_id = $1 AND user_id = $2
), factors AS (
  DELETE FROM gatehouse.totp_factor WHERE tenant_id = $1 AND user_id = $2
), codes AS (
  DELETE FROM gatehouse.recovery_code WHERE tenant_id = $1 AND user_id = $2
), passkeys AS (
  DELETE FROM gatehouse.passkey WHERE tenant_id = $1 AND user_id = $2
), former AS (
  DELETE FROM gatehouse.former_password WHERE tenant_id = $1 AND user_id = $2
), devices AS (
  DELETE FROM gatehouse.remembered_device WHERE tenant_id = $1 AND user_id = $2
), mails AS (
  DELETE FROM gatehouse.mail WHERE tenant_id = $1 AND user_id = $2
), keys AS (
  -- They ended with the user, and do not live again with whoever gets its id. What has expired does not anyway.
  UPDATE gatehouse.api_key
  SET revoke_time = $4
  WHERE tenant_id = $1 AND creator_id = $2 AND ends_with_creator AND revoke_time IS NULL
    AND (expire_time IS NULL OR expire_time > $4)
  RETURNING api_key_id
), ends AS (
  DELETE FROM gatehouse.session_end WHERE tenant_id = $1 AND user_id = $2
)
SELECT gatehouse.require(
  count(*) = 1
    -- Each has its event: these, and no others.
    AND ARRAY(SELECT api_key_id FROM keys ORDER BY 1) = ARRAY(SELECT known FROM unnest($6::uuid[]) AS known ORDER BY 1),
  'ETAG_MISMATCH')
FROM gone

-- For example: tenant(), id($row / 50 * 50 + 9), 1, present(), false, '{}'
