"""C++ targets: every compiler flag, test size and tag of our own code in one place.

Flags that change the ABI (language version, mangling) are in .bazelrc, since generated code needs them as well.
"""

load("//third_party/pch:pch.bzl", "pch_copts", "pch_deps")

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-parameter",
    # Leaving out fields that have defaults is what designated initialisers are for.
    "-Wno-missing-field-initializers",
    "-Wthread-safety",
    "-isystem/usr/include/postgresql",
]

# Includes must be of direct dependencies: what a file uses stands in its target, and nothing leaks through another.
_FEATURES = ["layering_check"]

# What a test needs decides when it runs: `tools/test` selects by these tags.
_KINDS = ["unit", "integration", "e2e", "slow"]

def _pch(for_tests):
    """The precompiled header of the current folder's sources: beyond base/, the headers of base/ that nearly all include are in it."""
    if (native.package_name() + "/").startswith("base/"):
        return "//third_party/pch:test" if for_tests else "//third_party/pch:common"
    return "//base:test_pch" if for_tests else "//base:pch"

def gatehouse_cc_library(name, copts = [], deps = [], pch = True, **kwargs):
    """A library of our own code.

    Args:
      name: target name.
      copts: further flags, after the common ones.
      deps: libraries.
      pch: whether the common headers are precompiled; not where copts have other sanitizers.
      **kwargs: as for cc_library.
    """
    native.cc_library(
        name = name,
        copts = _COPTS + copts + (pch_copts(_pch(False)) if pch else []),
        deps = deps + (pch_deps(_pch(False)) if pch else []),
        features = _FEATURES,
        # Nothing is loaded at run time, so a second, shared build of each library would be waste.
        linkstatic = True,
        **kwargs
    )

def gatehouse_cc_binary(name, copts = [], deps = [], **kwargs):
    """A program of our own code.

    Args:
      name: target name.
      copts: further flags, after the common ones.
      deps: libraries.
      **kwargs: as for cc_binary.
    """

    # Of a release only shared libraries are independent of their position, and the precompiled header is as the programs are.
    pch = not kwargs.get("linkshared")
    native.cc_binary(
        name = name,
        copts = _COPTS + copts + (pch_copts(_pch(False)) if pch else []),
        deps = deps + (pch_deps(_pch(False)) if pch else []),
        features = _FEATURES,
        **kwargs
    )

def test_tags(kind, tags):
    """The tags of a test of one kind, checked.

    Args:
      kind: unit, integration (needs Postgres), e2e (runs the real binary) or slow (not run unless asked for).
      tags: further tags.
    Returns:
      The list of tags.
    """
    if kind not in _KINDS:
        fail("kind must be one of %s, not %s" % (_KINDS, kind))
    return [kind] + tags

def gatehouse_cc_test(name, kind = "unit", size = None, tags = [], copts = [], deps = [], main = True, pch = None, **kwargs):
    """A GoogleTest program.

    Args:
      name: target name.
      kind: unit, integration (needs Postgres), e2e (runs the real binary) or slow (not run unless asked for).
      size: Bazel's test size; small for unit tests, medium for the others by default.
      tags: further tags.
      copts: further flags, after the common ones.
      deps: libraries; GoogleTest and GoogleMock are added.
      main: False when the test brings its own main().
      pch: another precompiled header than that of the folder.
      **kwargs: as for cc_test.
    """
    native.cc_test(
        name = name,
        size = size or ("small" if kind == "unit" else "medium"),
        copts = _COPTS + copts + pch_copts(pch or _pch(True)),
        features = _FEATURES,
        linkstatic = True,
        tags = test_tags(kind, tags),
        deps = deps + ["//third_party:gtest_main" if main else "//third_party:gtest"] + pch_deps(pch or _pch(True)),
        **kwargs
    )
