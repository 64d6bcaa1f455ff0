DROP TABLE gatehouse.webhook_replay;
