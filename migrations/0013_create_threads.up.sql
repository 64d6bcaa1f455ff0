-- Conversation threads of users, and their messages.

-- Sessions name a thread of their user, which outlives them. Its name is the user's: another user's of the same name is
-- another thread.
CREATE TABLE gatehouse.thread (
  tenant_id     uuid NOT NULL,
  user_id       uuid NOT NULL,
  thread_id     text COLLATE "C" NOT NULL,
  -- What its messages are kept under: a thread of the same name that is made after a deletion has another one.
  thread_uid    uuid NOT NULL,
  -- The index of the next message. Whoever adds some holds this row, so that indexes follow each other.
  message_count bigint NOT NULL,
  content_bytes bigint NOT NULL,
  create_time   timestamptz NOT NULL,
  update_time   timestamptz NOT NULL,
  CONSTRAINT thread_pkey PRIMARY KEY (tenant_id, user_id, thread_id)
) WITH (fillfactor = 85);  -- Added messages update it in place (HOT).

CREATE TABLE gatehouse.thread_message (
  tenant_id     uuid NOT NULL,
  thread_uid    uuid NOT NULL,
  index         bigint NOT NULL,
  message_id    uuid NOT NULL,
  -- gatehouse.v1.MessageRole.
  role          smallint NOT NULL CHECK (role IN (1, 2, 3, 4)),
  content       jsonb NOT NULL,
  -- Of the content as JSON text.
  content_bytes integer NOT NULL,
  -- The client's own name of it.
  message_key   text COLLATE "C",
  session_id    uuid,
  create_time   timestamptz NOT NULL,
  CONSTRAINT thread_message_pkey PRIMARY KEY (tenant_id, thread_uid, index)
);

CREATE UNIQUE INDEX thread_message_key
  ON gatehouse.thread_message (tenant_id, thread_uid, message_key)
  WHERE message_key IS NOT NULL;

-- Users whose threads go when they have been deleted for so long. One that was brought back keeps them, though it is
-- still here.
CREATE TABLE gatehouse.thread_purge (
  tenant_id uuid NOT NULL,
  user_id   uuid NOT NULL,
  due_time  timestamptz NOT NULL,
  CONSTRAINT thread_purge_pkey PRIMARY KEY (tenant_id, user_id)
);

CREATE INDEX thread_purge_due ON gatehouse.thread_purge (tenant_id, due_time, user_id);
