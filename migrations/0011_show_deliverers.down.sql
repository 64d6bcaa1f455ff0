DROP TABLE gatehouse.deliverer;
