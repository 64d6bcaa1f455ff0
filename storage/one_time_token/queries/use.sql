WITH used AS (
  DELETE FROM gatehouse.one_time_token t
  WHERE
    -- include usable.sql.part
  RETURNING 1)
SELECT gatehouse.require(count(*) = 1, 'ONE_TIME_TOKEN_INVALID')
FROM used

-- For example: tenant(), id($row / 100 * 100 + 1), 1, hash($row / 100 * 100 + 1), at(1)
