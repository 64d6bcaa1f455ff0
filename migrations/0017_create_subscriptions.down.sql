DROP TABLE gatehouse.pull_subscription;
