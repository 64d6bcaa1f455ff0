"""The folders of storage that have statements."""

# Each has storage/AREA/queries with AREA_queries. Tests know all statements by this list; tools/check tells what it lacks.
AREAS_WITH_QUERIES = [
    "alert",
    "api_key",
    "delivery",
    "endpoint",
    "event_log",
    "one_time_token",
    "passkey",
    "replay",
    "event_type",
    "request",
    "role",
    "second_factor",
    "server",
    "session",
    "signing_key",
    "subscription",
    "thread",
    "user",
]
