"""The folders of storage that have statements."""

# Each has storage/AREA/queries with AREA_queries. Tests know all statements by this list; tools/check tells what it lacks.
AREAS_WITH_QUERIES = [
    "alert",
    "api_key",
    "delivery",
    "endpoint",
    "event_log",
    "mail",
    "one_time_token",
    "passkey",
    "replay",
    "retention",
    "event_type",
    "request",
    "role",
    "second_factor",
    "server",
    "session",
    "signing_key",
    "subscription",
    "tenant",
    "thread",
    "user",
    "user_export",
    "user_import",
    "user_purge",
]
