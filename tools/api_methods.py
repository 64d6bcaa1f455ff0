"""The methods of the API, as its .proto files declare them in the form that `buf format` gives them."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Method:
    name: str
    # Whether it answers with a stream.
    streams: bool


_SERVICE = re.compile(r"^service (\w+) \{\n(.*?)^\}", re.M | re.S)
_METHOD = re.compile(r"^  rpc (\w+)\((?:stream )?\w+\) returns \((stream )?\w+\)", re.M)


def parse(proto):
    """Service -> its methods, in the order of the file."""
    return {
        service: [Method(name, bool(stream)) for name, stream in _METHOD.findall(body)]
        for service, body in _SERVICE.findall(proto)
    }
