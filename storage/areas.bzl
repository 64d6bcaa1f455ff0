"""The folders of storage that have statements."""

# Each has storage/AREA/queries with AREA_queries. Tests know all statements by this list; tools/check tells what it lacks.
AREAS_WITH_QUERIES = [
    "alert",
    "api_key",
    "delivery",
    "endpoint",
    "event_log",
    "request",
    "role",
    "server",
    "session",
    "signing_key",
    "thread",
    "user",
]
