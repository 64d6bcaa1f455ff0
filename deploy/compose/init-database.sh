#!/bin/bash
# The image of Postgres runs it once, on an empty volume: the roles and the database, and the roles' passwords.
set -euo pipefail

run() { psql -X -q -v ON_ERROR_STOP=1 -U postgres -d postgres "$@"; }

run -f "${SQL:-/gatehouse}/roles.sql"
for role in owner server; do
  # From a file into a variable of psql: in no list of processes, and the log of Postgres shows no statement of this session.
  run <<SQL
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\set password \`cat "${SECRETS:-/run/secrets}/${role}_password"\`
ALTER ROLE gatehouse_$role PASSWORD :'password';
SQL
done
