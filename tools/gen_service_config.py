"""Writes docs/grpc-service-config.json from the .proto files of the API.

Usage, in the root of the repository: python3 -m tools.gen_service_config OUTPUT PROTO...
"""

import json
import pathlib
import re
import sys

from tools import api_methods

# Done twice they are done once: what reads, and what answers its own repetition alike.
_REPEATABLE = re.compile("(Get|BatchGet|List|Verify|Introspect|Tail|Watch)|RefreshSession$")
# What a call has that sets no deadline; a stream goes on.
_TIMEOUT = "15s"
_RETRY_POLICY = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_RETRY_THROTTLING = {"maxTokens": 10, "tokenRatio": 0.1}


def config(services):
    """The service config for `services`, as api_methods.parse gives them."""
    repeatable = [
        (service, method) for service, methods in services.items() for method in methods if _REPEATABLE.match(method.name)
    ]

    def names(streams):
        return [
            {"service": f"gatehouse.v1.{service}", "method": method.name}
            for service, method in repeatable
            if method.streams == streams
        ]

    return {
        "methodConfig": [
            {"name": names(streams=False), "timeout": _TIMEOUT, "retryPolicy": _RETRY_POLICY},
            {"name": names(streams=True), "retryPolicy": _RETRY_POLICY},
            {"name": [{"service": f"gatehouse.v1.{service}"} for service in services], "timeout": _TIMEOUT},
        ],
        "retryThrottling": _RETRY_THROTTLING,
    }


def main():
    output, *protos = map(pathlib.Path, sys.argv[1:])
    services = {}
    for proto in sorted(protos):
        services.update(api_methods.parse(proto.read_text("utf-8")))
    output.write_text(json.dumps(config(services), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
