INSERT INTO gatehouse.mail (tenant_id, mail_id, kind, state, user_id, content, create_time, expire_time, due_time,
  attempt_count, fence, error_class, smtp_code)
SELECT g.tenant_id, g.mail_id, g.kind, g.state, g.user_id, g.content, g.create_time, g.expire_time, g.create_time, 0, 0, '', 0
FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[], $5::uuid[], $6::bytea[], $7::timestamptz[],
            $8::timestamptz[])
  AS g (tenant_id, mail_id, kind, state, user_id, content, create_time, expire_time)

-- For example: ARRAY[tenant()], ARRAY[new_id()], ARRAY[1], ARRAY[2], ARRAY[id(1)], ARRAY[hash(1)], ARRAY[present()],
--   ARRAY[present()]
