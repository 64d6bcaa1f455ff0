-- Which of the names $2 somebody has, as username or as email address, and which of the ids $3, or has had it until lately.
SELECT name.key, NULL::uuid
FROM unnest($2::text[]) AS name (key)
WHERE EXISTS (
    SELECT FROM gatehouse.user_account
    WHERE tenant_id = $1 AND username_key = name.key AND delete_time IS NULL)
  OR EXISTS (
    SELECT FROM gatehouse.user_account
    WHERE tenant_id = $1 AND email_key = name.key AND delete_time IS NULL)
UNION ALL
SELECT NULL, proposed.id
FROM unnest($3::uuid[]) AS proposed (id)
WHERE EXISTS (SELECT FROM gatehouse.user_account WHERE tenant_id = $1 AND user_id = proposed.id)
  OR EXISTS (SELECT FROM gatehouse.user_purge WHERE tenant_id = $1 AND user_id = proposed.id)

-- For example: tenant(), ARRAY[username($row), email($row), 'nobody'], ids($row, 3)
