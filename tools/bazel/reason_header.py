"""Writes the enum ErrorReason of a .proto file as a C++ header. See reason.bzl."""

import argparse
import pathlib
import re
import sys


def parse(proto):
    body = re.search(r"enum ErrorReason \{(.*?)\n\}", proto, re.S)
    if not body:
        sys.exit("no enum ErrorReason")
    values = re.findall(r"^\s*([A-Z][A-Z0-9_]*)\s*=\s*(\d+)", body.group(1), re.M)
    # The prefix only keeps the names apart inside the .proto package; the wire carries the rest.
    return [(name.removeprefix("ERROR_REASON_"), int(number)) for name, number in values if int(number)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", required=True)
    parser.add_argument("proto", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()

    reasons = [
        (name, "k" + "".join(word.capitalize() for word in name.split("_")), number)
        for name, number in parse(args.proto.read_text(encoding="utf-8"))
    ]
    guard = "GATEHOUSE_" + re.sub(r"\W", "_", args.header).upper() + "_"
    enumerators = "\n".join(f"  {constant} = {number}," for _, constant, number in reasons)
    names = "\n".join(f'    case Reason::{constant}:\n      return "{name}";' for name, constant, _ in reasons)
    values = "\n".join(f'  if (name == "{name}") return Reason::{constant};' for name, constant, _ in reasons)
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

}}  // namespace gatehouse::base

#endif  // {guard}
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
