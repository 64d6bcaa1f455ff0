"""The event types of the server, as the comments of storage/event_types.h tell them."""

import re
import sys


def unreserved(header):
    """The types whose first word kReservedPrefixes lacks: callers could write such events themselves."""
    reserved = re.search(r"kReservedPrefixes = \{(.*?)\};", header, re.S)
    prefixes = re.findall(r'"(\w+\.)"', reserved.group(1)) if reserved else []
    return [name for name, *_ in parse(header) if not name.startswith(tuple(prefixes))]


def parse(header):
    """Yields (type, when, actor, target) of each constant.

    Each is preceded by a comment "When it is written. Actor: who. Target: what."
    """
    comment = []
    for line in header.splitlines():
        line = line.strip()
        if line.startswith("//"):
            comment.append(line.removeprefix("//").strip())
            continue
        # The formatter may break a long declaration behind its "=".
        if line.startswith("inline constexpr std::string_view") and line.endswith("="):
            continue
        value = re.fullmatch(r'(?:inline constexpr std::string_view \w+ = )?"([a-z_.]+)";', line)
        if value:
            told = re.fullmatch(r"(.+?\.) Actor: (.+?)\. Target: (.+?)\.", " ".join(comment))
            if not told:
                sys.exit(f"{value.group(1)}: the comment before it must be '// When. Actor: who. Target: what.'")
            yield value.group(1), *told.groups()
        comment = []
