"""Python tests, for checking the server from outside with independent code."""

load("//tools/bazel:cc.bzl", "test_tags")

def gatehouse_py_test(name, kind = "e2e", size = None, srcs = [], deps = [], tags = [], **kwargs):
    """A unittest module, run by Debian's Python, whose cases are counted one by one.

    Args:
      name: target name; the module is NAME.py.
      kind: unit, integration (needs Postgres), e2e (runs the real binary) or slow (not run unless asked for).
      size: Bazel's test size; small for unit tests, medium for the others by default.
      srcs: further modules beside NAME.py.
      deps: py_library targets.
      tags: further tags.
      **kwargs: as for py_test.
    """
    module = (native.package_name() + "/" + name).lstrip("/").replace("/", ".")
    native.py_test(
        name = name,
        size = size or ("small" if kind == "unit" else "medium"),
        srcs = [name + ".py", "//tools/bazel:unittest_main.py"] + srcs,
        main = "//tools/bazel:unittest_main.py",
        args = [module],
        tags = test_tags(kind, tags),
        deps = deps,
        **kwargs
    )
