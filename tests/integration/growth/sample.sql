-- Two databases of different `sample.rows` differ in size and in nothing else: the same rows per user, thread, actor and
-- target, the same share of ended sessions, deleted users and failed deliveries, as many daily partitions, endpoints and roles.
-- Rows are numbered from 1 and lie evenly over four days.
--
-- These functions give the keys of a row by its number: the examples at the end of every statement are written with them, and
-- with the last ones of fill_log.sql, which do what comes before it.

CREATE SCHEMA sample;

CREATE FUNCTION sample.rows() RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT current_setting('sample.rows')::bigint $$;
CREATE FUNCTION sample.tenant() RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT uuid '00000000-0000-7000-8000-000000000001' $$;
CREATE FUNCTION sample.first_day() RETURNS date LANGUAGE sql IMMUTABLE AS
  $$ SELECT date '2026-01-05' $$;
CREATE FUNCTION sample.at(i bigint) RETURNS timestamptz LANGUAGE sql STABLE AS
  $$ SELECT (sample.first_day() + interval '4 days' * ((i - 1)::float / sample.rows())) AT TIME ZONE 'UTC' $$;
-- After the last row.
CREATE FUNCTION sample.present() RETURNS timestamptz LANGUAGE sql STABLE AS
  $$ SELECT sample.at(sample.rows() + 1) $$;
-- Version 7: begins with the time.
CREATE FUNCTION sample.id(i bigint) RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT (lpad(to_hex((extract(epoch FROM sample.at(i)) * 1000)::bigint), 12, '0') || '70008000'
             || lpad(to_hex(i), 12, '0'))::uuid $$;
CREATE FUNCTION sample.ids(i bigint, number bigint) RETURNS uuid[] LANGUAGE sql STABLE AS
  $$ SELECT array_agg(sample.id(i - k * 10)) FROM generate_series(0, number - 1) AS k $$;
-- What no row has: as the last row's, but for its variant.
CREATE FUNCTION sample.new_id() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT overlay(sample.id(sample.rows())::text PLACING 'b' FROM 20 FOR 1)::uuid $$;
CREATE FUNCTION sample.username(i bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT 'user' || lpad(i::text, 7, '0') $$;
CREATE FUNCTION sample.email(i bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT sample.username(i) || '@example.com' $$;
CREATE FUNCTION sample.hash(i bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS
  $$ SELECT sha256(i::text::bytea) $$;
-- Each user has five sessions, far apart.
CREATE FUNCTION sample.user_of_session(i bigint) RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT sample.id(1 + (i - 1) % (sample.rows() / 5)) $$;
CREATE FUNCTION sample.principal_of_request(i bigint) RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT sample.id(1 + i % (sample.rows() / 10)) $$;
CREATE FUNCTION sample.endpoint_id(i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT ('019b0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
CREATE FUNCTION sample.mail_id(i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT ('019c0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
CREATE FUNCTION sample.event_type(i bigint) RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT CASE WHEN i % (sample.rows() / 100) = 7 THEN 'rare' ELSE 'type.' || i % 10 END $$;
