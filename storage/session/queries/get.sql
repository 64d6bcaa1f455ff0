SELECT session_id, user_id, generation, rotate_time, label, thread_id, context, ip_address, user_agent,
       amr, auth_time, create_time, update_time, last_used_time, idle_expire_time, expire_time,
       revoke_time, revoke_reason, version
FROM gatehouse.session
WHERE tenant_id = $1 AND session_id = $2;
