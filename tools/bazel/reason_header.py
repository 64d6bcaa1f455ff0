"""Writes the enum ErrorReason of a .proto file as a C++ header. See reason.bzl."""

import argparse
import pathlib
import re
import sys


CODES = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
]


def parse(proto):
    """The reasons as (name, number, number of the code that begins the comment before it)."""
    body = re.search(r"enum ErrorReason \{(.*?)\n\}", proto, re.S)
    if not body:
        sys.exit("no enum ErrorReason")
    values = []
    code = None
    for line in body.group(1).splitlines():
        if comment := re.match(r"\s*// ([A-Z_]+): ", line):
            code = comment.group(1)
        elif value := re.match(r"\s*([A-Z][A-Z0-9_]*)\s*=\s*(\d+)", line):
            # The prefix only keeps the names apart inside the .proto package; the wire carries the rest.
            name, number = value.group(1).removeprefix("ERROR_REASON_"), int(value.group(2))
            if number and code not in CODES:
                sys.exit(f"{name}: no comment that begins with its google.rpc code")
            if number:
                values.append((name, number, CODES.index(code)))
            code = None
    return values


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", required=True)
    parser.add_argument("proto", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()

    reasons = [
        (name, "k" + "".join(word.capitalize() for word in name.split("_")), number, code)
        for name, number, code in parse(args.proto.read_text(encoding="utf-8"))
    ]
    guard = "GATEHOUSE_" + re.sub(r"\W", "_", args.header).upper() + "_"
    enumerators = "\n".join(f"  {constant} = {number}," for _, constant, number, _ in reasons)
    names = "\n".join(f'    case Reason::{constant}:\n      return "{name}";' for name, constant, _, _ in reasons)
    values = "\n".join(f'  if (name == "{name}") return Reason::{constant};' for name, constant, _, _ in reasons)
    codes = "\n".join(f"    case Reason::{constant}:\n      return {code};" for _, constant, _, code in reasons)
    args.out.write_text(
        f"""#ifndef {guard}
#define {guard}

#include <optional>
#include <string_view>

namespace gatehouse::base {{

enum class Reason : int {{
{enumerators}
}};

// The name on the wire, such as "USER_NOT_FOUND".
inline std::string_view ReasonName(Reason reason) {{
  switch (reason) {{
{names}
  }}
  return "";
}}

inline std::optional<Reason> ReasonFromName(std::string_view name) {{
{values}
  return std::nullopt;
}}

// The google.rpc code that comes with a reason, numbered as absl::StatusCode is.
inline int ReasonCode(Reason reason) {{
  switch (reason) {{
{codes}
  }}
  return 13;
}}

}}  // namespace gatehouse::base

#endif  // {guard}
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
