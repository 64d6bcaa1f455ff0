-- All sessions of a user end at once: the epoch with which each began is kept, and one that is lower than the user's is
-- over whatever else its row says. Rows are marked afterwards, in slices.

-- The user's epoch when the session began; null where a server of the version before made it.
ALTER TABLE gatehouse.session ADD COLUMN user_epoch bigint;

-- Sessions without an epoch are over too: they are more than were marked together with the epoch.
ALTER TABLE gatehouse.user_account ADD COLUMN unstamped_ended boolean NOT NULL DEFAULT false;

-- Users whose sessions have ended and are not all marked yet.
CREATE TABLE gatehouse.session_end (
  tenant_id uuid NOT NULL,
  user_id   uuid NOT NULL,
  -- Sessions that began below it have ended.
  epoch     bigint NOT NULL,
  reason    text NOT NULL,
  end_time  timestamptz NOT NULL,
  -- The last session that was looked at; they are taken by their ids.
  position  uuid NOT NULL,
  CONSTRAINT session_end_pkey PRIMARY KEY (tenant_id, user_id)
);
