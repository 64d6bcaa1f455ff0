-- How much the threads of a user hold, so that it has a limit: whoever adds messages holds this row too, as long as that of the
-- thread. Servers of the version before do not count what they add.
CREATE TABLE gatehouse.thread_usage (
  tenant_id     uuid NOT NULL,
  user_id       uuid NOT NULL,
  content_bytes bigint NOT NULL,
  CONSTRAINT thread_usage_pkey PRIMARY KEY (tenant_id, user_id)
) WITH (fillfactor = 50);  -- Added messages update it in place (HOT).

INSERT INTO gatehouse.thread_usage (tenant_id, user_id, content_bytes)
SELECT tenant_id, user_id, sum(content_bytes) FROM gatehouse.thread GROUP BY tenant_id, user_id;
