-- Webhooks say of a recorded event who did what to whom, as of the server's own; of a published one they carry the
-- data alone. Both have types of the caller's own, so the log remembers which it is.

-- Whether the event was written by RecordEvent. False for events from before, and for those of a server of the version
-- before: their deliveries go on as they began. A constant default rewrites nothing.
ALTER TABLE gatehouse.event ADD COLUMN has_envelope boolean NOT NULL DEFAULT false;
