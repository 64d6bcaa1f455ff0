-- Mails that the server sends, and the people whom it tells of alerts.

-- What is to be sent, and for a day what was. Written with the change that a mail is about.
CREATE TABLE gatehouse.mail (
  tenant_id     uuid NOT NULL,
  mail_id       uuid NOT NULL,
  -- storage::MailKind: 1 a reset of the password, 2 a proof of the address, 3 a notice that the address was changed, 4 an
  -- invitation, 5 a login without a password, 6 an alert.
  kind          smallint NOT NULL CHECK (kind BETWEEN 1 AND 6),
  -- storage::MailState: 1 asked for by a login that may be nobody's, 2 to be sent, 3 sent, 4 given up.
  state         smallint NOT NULL CHECK (state BETWEEN 1 AND 4),
  -- Whom it is about; nil: nobody.
  user_id       uuid NOT NULL,
  -- To whom, and what it says: sealed under the master key. Null once it is over.
  content       bytea,
  create_time   timestamptz NOT NULL,
  -- When it is of no use any more.
  expire_time   timestamptz NOT NULL,
  -- Not before this.
  due_time      timestamptz NOT NULL,
  attempt_count integer NOT NULL,
  -- Raised by whoever takes it, who has it to itself until lease_until.
  fence         bigint NOT NULL,
  lease_until   timestamptz,
  end_time      timestamptz,
  -- Of the last attempt: what went wrong in a word, and the server's last reply.
  error_class   text NOT NULL,
  smtp_code     integer NOT NULL,
  CONSTRAINT mail_pkey PRIMARY KEY (tenant_id, mail_id),
  CONSTRAINT mail_content CHECK ((content IS NULL) = (state > 2))
) WITH (fillfactor = 80);

CREATE INDEX mail_due ON gatehouse.mail (tenant_id, due_time) WHERE state <= 2;
-- Of one user, for who looks what became of its mails and for who purges it.
CREATE INDEX mail_user ON gatehouse.mail (tenant_id, user_id);
CREATE INDEX mail_ended ON gatehouse.mail (tenant_id, end_time) WHERE state > 2;

-- Whom to tell of alerts.
CREATE TABLE gatehouse.alert_destination (
  tenant_id      uuid NOT NULL,
  destination_id uuid NOT NULL,
  display_name   text NOT NULL,
  addresses      text[] NOT NULL,
  -- gatehouse.v1.AlertKind.
  kinds          integer[] NOT NULL,
  -- Also when an alert is over.
  tells_resolved boolean NOT NULL,
  locale         text NOT NULL,
  time_zone      text NOT NULL,
  -- Milliseconds between two mails about one alert.
  silence        bigint NOT NULL,
  -- Hours of the week without mails (storage/alert/alert_destination.h).
  quiet_hours    jsonb NOT NULL,
  -- Those do not hold up what is critical.
  wakes_critical boolean NOT NULL,
  create_time    timestamptz NOT NULL,
  update_time    timestamptz NOT NULL,
  -- The etag.
  version        bigint NOT NULL,
  CONSTRAINT alert_destination_pkey PRIMARY KEY (tenant_id, destination_id)
);

-- What a destination knows of an alert: at most one for each of both.
CREATE TABLE gatehouse.alert_notice (
  tenant_id      uuid NOT NULL,
  destination_id uuid NOT NULL,
  alert_id       uuid NOT NULL,
  -- When to look whether there is something to tell; null: not before the alert is told of again.
  due_time       timestamptz,
  -- The last mail, and what it said: gatehouse.v1.AlertState, 0 before the first, and the level.
  told_time      timestamptz,
  told_state     integer NOT NULL,
  told_level     integer NOT NULL,
  -- Raised with every change: whoever looks does so at what is there.
  version        bigint NOT NULL,
  CONSTRAINT alert_notice_pkey PRIMARY KEY (tenant_id, destination_id, alert_id)
) WITH (fillfactor = 80);

CREATE INDEX alert_notice_due ON gatehouse.alert_notice (tenant_id, due_time) WHERE due_time IS NOT NULL;

-- 3: a login by a link.
ALTER TABLE gatehouse.one_time_token DROP CONSTRAINT one_time_token_purpose_check;
ALTER TABLE gatehouse.one_time_token ADD CONSTRAINT one_time_token_purpose_check CHECK (purpose IN (1, 2, 3));
