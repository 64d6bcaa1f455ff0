-- What became of a session whose rotation did not happen: to answer a retry and
-- to tell it from theft.
-- Many at a time: uuid, uuid, timestamptz
SELECT s.generation, s.rotate_time,
       s.revoke_time IS NULL AND s.idle_expire_time > $3 AND s.expire_time > $3
         AND u.state = 1 AND u.delete_time IS NULL
         AND coalesce(s.user_epoch = u.epoch, NOT u.unstamped_ended),
       u.role, u.epoch, s.amr, s.auth_time, s.idle_expire_time, s.expire_time
FROM gatehouse.session s
JOIN gatehouse.user_account u ON u.tenant_id = s.tenant_id AND u.user_id = s.user_id
WHERE s.tenant_id = $1 AND s.session_id = $2;

-- For example: tenant(), id($row), present()
