INSERT INTO gatehouse.role (tenant_id, name, permissions, create_time, update_time, version)
SELECT sample.tenant(), 'role-' || i, '{users.read}', sample.present(), sample.present(), 1 FROM generate_series(1, 50) AS i;

-- As many as a tenant may have.
INSERT INTO gatehouse.event_type (tenant_id, type, description, schema, create_time, update_time, version)
SELECT sample.tenant(), 'order.' || i, '', CASE WHEN i % 2 = 1 THEN '{"type": "object"}'::jsonb END, sample.present(), sample.present(), 1
FROM generate_series(1, 900) AS i;

INSERT INTO gatehouse.signing_key (tenant_id, key_id, algorithm, public_key, private_key, create_time, active_from)
SELECT sample.tenant(), 'key-' || i, 'ES256', '', '', sample.present(), sample.present() FROM generate_series(1, 3) AS i;

-- A thousand users have the rarer role; two hundred of them are disabled. Four have a first name.
INSERT INTO gatehouse.user_account (tenant_id, user_id, username, username_key, email, email_key, first_name, last_name, bio,
  avatar_url, timezone, locale, metadata, role, state, password_hash, epoch, create_time, update_time, delete_time, purge_time,
  version, second_factor_time, passkey_second_factor)
SELECT sample.tenant(), sample.id(i), sample.username(i), sample.username(i), sample.email(i), sample.email(i),
       CASE WHEN i % (sample.rows() / 4) = 7 THEN 'Xanthippe' ELSE '' END, '', '', '', '', '', '{}',
       CASE WHEN i % (sample.rows() / 1000) = 7 THEN 'analyst' ELSE 'viewer' END,
       CASE WHEN i % (sample.rows() / 200) = 7 THEN 2 ELSE 1 END, 'hash', 1, sample.at(i), sample.at(i),
       CASE WHEN i % 50 = 9 THEN sample.present() END,
       CASE WHEN i % 50 = 9 THEN sample.present() + interval '30 days' END, 1, CASE WHEN i % 100 = 1 THEN sample.at(i) END,
       i % 200 = 101
FROM generate_series(1, sample.rows()) AS i;

-- Each hundredth user has a token.
INSERT INTO gatehouse.one_time_token (tenant_id, user_id, purpose, token_hash, create_time, expire_time, role, former_email_key)
SELECT sample.tenant(), sample.id(i), 1, sample.hash(i), sample.at(i), sample.at(i) + interval '1 hour', 'viewer', sample.email(i)
FROM generate_series(1, sample.rows()) AS i
WHERE i % 100 = 1;

-- And each hundredth an app, half of them confirmed, with a recovery code.
INSERT INTO gatehouse.totp_factor (tenant_id, user_id, secret, create_time, confirm_time, last_step)
SELECT sample.tenant(), sample.id(i), '', sample.at(i), CASE WHEN i % 100 = 1 THEN sample.at(i) END, 0
FROM generate_series(1, sample.rows()) AS i
WHERE i % 100 IN (1, 51);
INSERT INTO gatehouse.recovery_code (tenant_id, user_id, code_hash)
SELECT sample.tenant(), sample.id(i), sample.hash(i)
FROM generate_series(1, sample.rows()) AS i
WHERE i % 100 = 1;

-- And each had three passwords before.
INSERT INTO gatehouse.former_password (tenant_id, user_id, replace_time, former_id, password_hash)
SELECT sample.tenant(), sample.id(i), sample.at(i) + k * interval '1 ms', sample.id(i), 'former hash'
FROM generate_series(1, sample.rows()) AS i, generate_series(1, 3) AS k
WHERE i % 50 = 1;

-- And each hundredth two passkeys and two devices; as many answers are remembered.
INSERT INTO gatehouse.passkey (tenant_id, user_id, passkey_id, credential_id, algorithm, public_key, sign_count, aaguid,
  transports, backup_eligible, backed_up, display_name, create_time)
SELECT sample.tenant(), sample.id(i), sample.id(i + k), sample.hash(i + k), -7, '', 0, sample.id(1), '{internal}', true, true, '',
       sample.at(i)
FROM generate_series(1, sample.rows()) AS i, generate_series(0, 1) AS k
WHERE i % 100 = 1;
INSERT INTO gatehouse.remembered_device (tenant_id, user_id, device_id, token_hash, user_epoch, second_factor_time, label,
  ip_address, user_agent, create_time, expire_time)
SELECT sample.tenant(), sample.id(i), sample.id(i + k), sample.hash(i + k), 1, sample.at(i), '', '', '', sample.at(i),
       sample.present()
FROM generate_series(1, sample.rows()) AS i, generate_series(0, 1) AS k
WHERE i % 100 = 1;
INSERT INTO gatehouse.passkey_challenge (tenant_id, nonce, expire_time)
SELECT sample.tenant(), sample.hash(i), sample.at(i)
FROM generate_series(1, sample.rows()) AS i
WHERE i % 100 = 1;

-- Every fifth was rotated.
INSERT INTO gatehouse.api_key (tenant_id, api_key_id, display_name, key_prefix, key_hash, permissions, create_time, revoke_time,
  former_key_hash, former_expire_time)
SELECT sample.tenant(), sample.id(i), 'key', 'prefix', sample.hash(i), '{}', sample.at(i),
       CASE WHEN i % 10 = 0 THEN sample.present() END, CASE WHEN i % 5 = 1 THEN sample.hash(-i) END,
       CASE WHEN i % 5 = 1 THEN sample.present() END
FROM generate_series(1, sample.rows()) AS i;

-- Twenty sessions make a thread; half of all were revoked, a tenth has expired.
INSERT INTO gatehouse.session (tenant_id, session_id, user_id, generation, rotate_time, label, thread_id, context, ip_address,
  user_agent, amr, auth_time, create_time, update_time, last_used_time, idle_expire_time, expire_time, revoke_time, version)
SELECT sample.tenant(), sample.id(i), sample.user_of_session(i), 1, sample.at(i), '',
       CASE WHEN i % 4 = 1 THEN 'thread-' || i / 80 ELSE '' END, '{}', '', '', '{pwd}', sample.at(i), sample.at(i),
       sample.at(i), sample.at(i), sample.present() + interval '1 day',
       sample.present() + CASE WHEN i % 10 = 5 THEN interval '-1 s' ELSE interval '30 days' END,
       CASE WHEN i % 2 = 0 THEN sample.present() END, 1
FROM generate_series(1, sample.rows()) AS i;

-- Every tenth user has a thread of ten messages, and every user that was deleted.
INSERT INTO gatehouse.thread (tenant_id, user_id, thread_id, thread_uid, message_count, content_bytes, create_time, update_time)
SELECT sample.tenant(), sample.id(i), 'thread-' || i, sample.id(i), 10, 70, sample.at(i), sample.at(i)
FROM generate_series(1, sample.rows()) AS i
WHERE i % 10 = 1 OR i % 50 = 9;
INSERT INTO gatehouse.thread_message (tenant_id, thread_uid, index, message_id, role, content, content_bytes, message_key,
  create_time)
SELECT sample.tenant(), sample.id(i), index, sample.id(i), 2, '"Hello"', 7, CASE WHEN index % 2 = 0 THEN 'key-' || index END,
       sample.at(i)
FROM generate_series(1, sample.rows()) AS i, generate_series(0, 9) AS index
WHERE i % 10 = 1 OR i % 50 = 9;
INSERT INTO gatehouse.thread_usage (tenant_id, user_id, content_bytes)
SELECT tenant_id, user_id, sum(content_bytes) FROM gatehouse.thread GROUP BY tenant_id, user_id;
INSERT INTO gatehouse.thread_purge (tenant_id, user_id, due_time)
SELECT sample.tenant(), sample.id(i), sample.present() + interval '30 days'
FROM generate_series(1, sample.rows()) AS i
WHERE i % 50 = 9;
INSERT INTO gatehouse.user_purge (tenant_id, user_id, due_time)
SELECT sample.tenant(), sample.id(i), sample.present() + interval '30 days'
FROM generate_series(1, sample.rows()) AS i
WHERE i % 50 = 9;
INSERT INTO gatehouse.user_import (tenant_id, import_key, next_row, create_time, update_time)
SELECT sample.tenant(), 'import-' || i, i, sample.at(i), sample.at(i)
FROM generate_series(1, sample.rows()) AS i;

INSERT INTO gatehouse.request (tenant_id, principal_id, request_id, method, request_hash, response, create_time)
SELECT sample.tenant(), sample.principal_of_request(i), sample.id(i), 'm', '', '', sample.at(i)
FROM generate_series(1, sample.rows()) AS i;

-- One alert in a hundred is open.
INSERT INTO gatehouse.alert (tenant_id, alert_id, kind, endpoint_id, state, level, announced, first_occurred_time,
  last_occurred_time, occurrence_count, details, acknowledged_type, acknowledged_id, resolved_time, resolved_type, resolved_id,
  resolution, event_id, version)
SELECT sample.tenant(), sample.id(i), 1 + i % 5, sample.id(i), CASE WHEN i % 100 = 1 THEN 1 ELSE 3 END, 0, true, sample.at(i),
       sample.at(i), 1, '{}', '', '', sample.at(i), '', '', '', sample.id(i), 1
FROM generate_series(1, sample.rows()) AS i;

-- Two hundred mails wait, half of them requests; all others were sent.
INSERT INTO gatehouse.mail (tenant_id, mail_id, kind, state, user_id, content, create_time, expire_time, due_time, attempt_count,
  fence, end_time, error_class, smtp_code)
SELECT sample.tenant(), sample.mail_id(i), 1, CASE WHEN i > 200 THEN 3 WHEN i % 2 = 1 THEN 1 ELSE 2 END, sample.id(i),
       CASE WHEN i <= 200 THEN sample.hash(i) END, sample.at(i), sample.present() + interval '1 hour', sample.present(), 0, 0,
       CASE WHEN i > 200 THEN sample.at(i) END, '', 0
FROM generate_series(1, sample.rows()) AS i;

-- Ten destinations know of a hundred alerts each, and of one of these there is news.
INSERT INTO gatehouse.alert_destination (tenant_id, destination_id, display_name, addresses, kinds, tells_resolved, locale,
  time_zone, silence, quiet_hours, wakes_critical, create_time, update_time, version)
SELECT sample.tenant(), sample.id(i), 'on call', '{a@example.com}', '{1,2,3,4,5}', true, '', '', 0, '[]', false, sample.at(i),
       sample.at(i), 1
FROM generate_series(1, 10) AS i;
INSERT INTO gatehouse.alert_notice (tenant_id, destination_id, alert_id, due_time, told_time, told_state, told_level, version)
SELECT sample.tenant(), sample.id(i), sample.id(k), CASE WHEN k = 1 THEN sample.present() END, sample.at(i), 1, 0, 1
FROM generate_series(1, 10) AS i, generate_series(1, 100) AS k;

-- One for each tenant of which something was said.
INSERT INTO gatehouse.tenant_retention (tenant_id, ended_sessions_days, alerts_days, update_time, version)
VALUES (sample.tenant(), 60, 30, sample.at(1), 1);
