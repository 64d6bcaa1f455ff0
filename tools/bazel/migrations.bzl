"""A folder of numbered migrations as a C++ header."""

load("//tools/bazel:cc.bzl", "gatehouse_cc_library")

def gatehouse_migrations_library(name, srcs, visibility):
    """Generates NAME.h with gatehouse::migrations::kEmbeddedMigrations, and checks the files.

    NNNN_verb_noun.up.sql and NNNN_verb_noun.down.sql, numbered from 0001 without gaps. A gap, a number used twice, a wrong
    name, an up without a down and a file that ends its own transaction fail the build.

    Args:
      name: target and header name.
      srcs: the .sql files.
      visibility: who may use them.
    """
    header = name + ".h"
    native.genrule(
        name = name + "_header",
        srcs = srcs,
        outs = [header],
        cmd = "$(location //tools/bazel:migrations_header) --header %s/%s --out $@ $(SRCS)" % (
            native.package_name(),
            header,
        ),
        tools = ["//tools/bazel:migrations_header"],
    )
    gatehouse_cc_library(
        name = name,
        hdrs = [header],
        visibility = visibility,
        deps = ["//migrations:migration"],
    )
