"""The error reasons of the API, as the comments of enum ErrorReason in error_reason.proto tell them."""

import re
import sys

# The google.rpc codes at their numbers.
CODES = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
]  # fmt: skip


def parse(proto):
    """Yields (name, number, code, meaning) of each value but the zero one.

    Each is preceded by a comment "CODE: what happened".
    """
    body = re.search(r"enum ErrorReason \{(.*?)\n\}", proto, re.S)
    if not body:
        sys.exit("no enum ErrorReason")
    comment = []
    for line in body.group(1).splitlines():
        line = line.strip()
        if line.startswith("//"):
            comment.append(line.removeprefix("//").strip())
            continue
        value = re.match(r"([A-Z][A-Z0-9_]*)\s*=\s*(\d+)", line)
        if value and int(value.group(2)):
            code, colon, meaning = " ".join(comment).partition(": ")
            if not colon or code not in CODES[1:]:
                sys.exit(f"{value.group(1)}: the comment before it must be '// CODE: what happened'")
            # The prefix only keeps the names apart inside the .proto package; the wire carries the rest.
            yield value.group(1).removeprefix("ERROR_REASON_"), int(value.group(2)), code, meaning
        comment = []
