-- What of these users ($2) does not count any more: tokens of an epoch below theirs, and the sessions that were ended after $3.
-- A user that is not there any more has no row.
SELECT u.user_id, u.epoch,
       ARRAY(SELECT s.session_id
             FROM gatehouse.session s
             WHERE s.tenant_id = $1 AND s.user_id = u.user_id AND s.revoke_time > $3)
FROM gatehouse.user_account u
WHERE u.tenant_id = $1 AND u.user_id = ANY ($2)

-- For example: tenant(), ARRAY[user_of_session($row)], present() - interval '10 minutes'
-- For example: tenant(), ids($row, 100), present() - interval '10 minutes'
