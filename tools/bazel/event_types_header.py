"""Writes the event types of storage/event_types.h with their descriptions as a C++ header. See event_types.bzl."""

import argparse
import pathlib
import re

from tools import event_types

HEADER = """#include <string_view>

namespace gatehouse::service {{

// A type of the server's own events.
struct BuiltInEventType {{
  std::string_view name;
  std::string_view description;
}};

// By name.
inline constexpr BuiltInEventType kBuiltInEventTypes[] = {{
{types}
}};

}}  // namespace gatehouse::service
"""


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def types_header(types):
    return HEADER.format(
        types="\n".join(
            f"    {{{literal(name)}, {literal(f'{when} Actor: {actor}. Target: {target}.')}}},"
            for name, when, actor, target in sorted(types)
        )
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", required=True)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()

    body = types_header(event_types.parse(args.source.read_text(encoding="utf-8")))
    guard = "GATEHOUSE_" + re.sub(r"\W", "_", args.header).upper() + "_"
    args.out.write_text(f"#ifndef {guard}\n#define {guard}\n\n{body}\n#endif  // {guard}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
