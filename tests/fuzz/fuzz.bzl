"""Fuzz targets: a function that is given bytes."""

load("//tools/bazel:cc.bzl", "gatehouse_cc_binary", "gatehouse_cc_library", "gatehouse_cc_test")

def gatehouse_fuzz_target(name, deps):
    """NAME.cc defines LLVMFuzzerTestOneInput; corpus/NAME has inputs to begin with.

    NAME is the program for tools/fuzz, to be built with --config=fuzz. NAME_corpus_test runs the inputs once, as any test.

    Args:
      name: target name.
      deps: what NAME.cc includes.
    """
    gatehouse_cc_library(
        name = name + "_target",
        testonly = True,
        srcs = [name + ".cc"],
        # Nothing refers to it by name.
        alwayslink = True,
        deps = deps,
    )
    gatehouse_cc_binary(
        name = name,
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        # Without its configuration it would find nothing.
        tags = ["manual"],
        deps = [":" + name + "_target"],
    )
    gatehouse_cc_test(
        name = name + "_corpus_test",
        srcs = ["corpus_test.cc"],
        args = ["tests/fuzz/corpus/" + name],
        data = native.glob(["corpus/" + name + "/*"]),
        main = False,
        deps = [":" + name + "_target"],
    )
