"""Every secret the tests sent or received, to look for in whatever the server wrote.

The clients in this folder call `remember` by themselves; `gatehouse.Gatehouse.check_output` does the looking.
"""

# Printed by `gatehouse dev` on purpose, on standard output.
DEMO_PASSWORD = "try-gatehouse"

_SECRET_FIELDS = {"password", "access_token", "refresh_token", "key", "secret", "token"}
_known = set()

# Shorter ones are what tests of bad input send, and ordinary words.
_MIN_LENGTH = 12


def remember(secret):
    if len(secret) >= _MIN_LENGTH:
        _known.add(secret)
    return secret


def remember_fields(message):
    """Remembers the secrets in a request or response: a Protobuf message, or JSON with either spelling of names."""
    if isinstance(message, dict):
        for name, value in message.items():
            if isinstance(value, str) and _snake_case(name) in _SECRET_FIELDS:
                remember(value)
            else:
                remember_fields(value)
    elif isinstance(message, list):
        for value in message:
            remember_fields(value)
    elif hasattr(message, "ListFields"):
        for field, value in message.ListFields():
            if isinstance(value, str) and field.name in _SECRET_FIELDS:
                remember(value)
            elif hasattr(value, "ListFields") and not field.message_type.full_name.startswith("google."):
                remember_fields(value)


def found_in(text):
    """The remembered secrets that occur in `text`."""
    # A copy: other threads log in meanwhile.
    return [secret for secret in _known.copy() if secret in text]


def _snake_case(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name)
