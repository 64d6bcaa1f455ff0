"""What other programs did beside pgbench, where ours are compared with them: ratios, which hold from one machine to another better than
figures do. docs/benchmarks.md says what was measured and how."""

# Ory Kratos: GET /sessions/whoami, 64 in flight, to pgbench's prepared selects.
KRATOS_SESSION_CHECKS = 0.028
# Identities without a password, by the admin API, 16 in flight, to pgbench's inserts.
KRATOS_IDENTITIES = 0.017
