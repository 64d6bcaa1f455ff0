"""Writes the enum ErrorReason of a .proto file, or what its values mean, as a C++ header. See reason.bzl."""

import argparse
import pathlib
import re

from tools import error_reasons

REASONS = """#include <optional>
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
"""

MEANINGS = """#include <string_view>

#include "base/reason.h"

namespace gatehouse::base {{

// What a reason means, in a sentence or two for whoever gets the error.
inline std::string_view ReasonMeaning(Reason reason) {{
  switch (reason) {{
{meanings}
  }}
  return "";
}}

}}  // namespace gatehouse::base
"""


def constant_name(name):
    return "k" + "".join(word.capitalize() for word in name.split("_"))


def cases(values):
    """The cases of a switch: `values` are (name, what it returns)."""
    return "\n".join(f"    case Reason::{constant_name(name)}:\n      return {value};" for name, value in values)


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def reasons_header(reasons):
    return REASONS.format(
        enumerators="\n".join(f"  {constant_name(name)} = {number}," for name, number, _, _ in reasons),
        names=cases((name, literal(name)) for name, _, _, _ in reasons),
        values="\n".join(
            f"  if (name == {literal(name)}) return Reason::{constant_name(name)};" for name, _, _, _ in reasons
        ),
        codes=cases((name, error_reasons.CODES.index(code)) for name, _, code, _ in reasons),
    )


def meanings_header(reasons):
    return MEANINGS.format(meanings=cases((name, literal(meaning)) for name, _, _, meaning in reasons))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", required=True)
    parser.add_argument("--meanings", action="store_true")
    parser.add_argument("proto", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()

    reasons = list(error_reasons.parse(args.proto.read_text(encoding="utf-8")))
    body = meanings_header(reasons) if args.meanings else reasons_header(reasons)
    guard = "GATEHOUSE_" + re.sub(r"\W", "_", args.header).upper() + "_"
    args.out.write_text(f"#ifndef {guard}\n#define {guard}\n\n{body}\n#endif  // {guard}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
