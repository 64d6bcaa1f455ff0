"""Writes the function that registers the methods of a service. See service.bzl."""

import argparse
import pathlib
import re
import sys

from tools import api_methods

HEADER = """#ifndef {guard}
#define {guard}

namespace gatehouse::rpc {{
class MethodRegistry;
}}  // namespace gatehouse::rpc

namespace gatehouse::service {{
class {service};

// Adds the methods of gatehouse.v1.{service}. `service` outlives every call.
void Register{service}(rpc::MethodRegistry& registry, {service}& service);

}}  // namespace gatehouse::service

#endif  // {guard}
"""

SOURCE = """#include "{folder}/{name}.h"

#include "gatehouse/v1/{proto}.pb.h"
#include "service/common/handler_methods.h"
#include "{folder}/{snake}.h"

namespace gatehouse::service {{

void Register{service}(rpc::MethodRegistry& registry, {service}& service) {{
  HandlerMethods methods(registry, service, "gatehouse.v1.{service}");
{additions}
}}

}}  // namespace gatehouse::service
"""


def snake_case(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--service", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("proto", type=pathlib.Path)
    parser.add_argument("header", type=pathlib.Path)
    parser.add_argument("source", type=pathlib.Path)
    args = parser.parse_args()

    services = api_methods.parse(args.proto.read_text(encoding="utf-8"))
    if args.service not in services:
        sys.exit(f"{args.proto} has no {args.service}, only: {', '.join(services) or 'none'}")
    texts = {
        "service": args.service,
        "snake": snake_case(args.service),
        "folder": args.folder,
        "name": args.header.stem,
        "proto": args.proto.stem,
        "guard": "GATEHOUSE_" + re.sub(r"\W", "_", f"{args.folder}/{args.header.name}").upper() + "_",
        "additions": "\n".join(
            f'  methods.Add("{method.name}", &{args.service}::{method.name});' for method in services[args.service]
        ),
    }
    args.header.write_text(HEADER.format(**texts), encoding="utf-8")
    args.source.write_text(SOURCE.format(**texts), encoding="utf-8")


if __name__ == "__main__":
    main()
