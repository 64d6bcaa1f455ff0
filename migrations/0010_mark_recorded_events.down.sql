ALTER TABLE gatehouse.event DROP COLUMN has_envelope;
