DROP TABLE gatehouse.thread_usage;
