-- That $2 is deleted as it was read, and stays so until the end of the transaction.
WITH deleted AS (
  SELECT FROM gatehouse.user_account
  WHERE tenant_id = $1 AND user_id = $2 AND version = $3 AND delete_time IS NOT NULL
  FOR SHARE)
SELECT gatehouse.require(EXISTS (SELECT FROM deleted), 'ETAG_MISMATCH')

-- For example: tenant(), id($row / 50 * 50 + 9), 1
