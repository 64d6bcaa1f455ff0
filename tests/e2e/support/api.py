"""The generated modules of the API: those of all its .proto files, so that nothing lists them."""

import importlib
import pkgutil

import gatehouse.v1

FILES = [
    importlib.import_module(module.name)
    for module in pkgutil.iter_modules(gatehouse.v1.__path__, "gatehouse.v1.")
    if module.name.endswith("_pb2")
]
SERVICES = [service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()]
