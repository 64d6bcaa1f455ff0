-- Who makes a key, a user or another key, is there and stays until it is made: a key that is made while its maker is deleted
-- would outlive the deletion that ends the keys of the maker.
WITH maker AS (
  SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = $2 AND delete_time IS NULL FOR SHARE
), making_key AS (
  SELECT FROM gatehouse.api_key WHERE tenant_id = $1 AND api_key_id = $2 AND revoke_time IS NULL FOR SHARE
)
SELECT gatehouse.require(EXISTS (SELECT FROM maker) OR EXISTS (SELECT FROM making_key), 'UNAUTHENTICATED')

-- For example: tenant(), id($row)
