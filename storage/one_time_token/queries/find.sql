SELECT t.email, t.email_key, t.create_time, t.expire_time
FROM gatehouse.one_time_token t
WHERE
  -- include usable.sql.part

-- For example: tenant(), id($row), 1, hash($row), at(1)
