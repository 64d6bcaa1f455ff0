DROP TABLE gatehouse.thread_purge;
DROP TABLE gatehouse.thread_message;
DROP TABLE gatehouse.thread;
