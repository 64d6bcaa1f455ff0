"""A folder of .sql files as a C++ header of named constants."""

load("//tools/bazel:cc.bzl", "gatehouse_cc_library")

def gatehouse_sql_library(name, srcs, parts = [], includes = {}, visibility = ["//storage:__subpackages__"]):
    """Generates NAME.h: one constant per file, and kAll with all of them for tests. NAME_sql are the files.

    storage/user/queries/get_by_username.sql becomes gatehouse::storage::user::queries::kGetByUsername, named
    "user/get_by_username". What the end of a file says to tests is left out (tests/integration/growth/statement_case.h).

    Args:
      name: target and header name.
      srcs: the .sql files, one statement each.
      parts: .sql.part files, what several of the statements share, such as the columns of a whole row: each stands in place of
        a line "-- include columns.sql.part".
      includes: label -> name of statements of other folders that these hold as a part, in place of a line
        "-- include NAME.sql, whose $1 is $6": several statements in one are one for Postgres to take, plan and answer.
      visibility: who may use them.
    """
    header = name + ".h"
    folders = native.package_name().split("/")
    area = folders[-2] if folders[-1] == "queries" else folders[-1]
    native.genrule(
        name = name + "_header",
        srcs = srcs + parts,
        outs = [header],
        cmd = "$(location //tools/bazel:sql_header) --area %s --header %s/%s --out $@ %s %s" % (
            area,
            native.package_name(),
            header,
            " ".join(["--include %s=$(location %s)" % (part, label) for label, part in includes.items()] +
                     ["--part $(location %s)" % part for part in parts]),
            " ".join(["$(locations %s)" % src for src in srcs]),
        ),
        tools = ["//tools/bazel:sql_header"] + includes.keys(),
    )
    gatehouse_cc_library(
        name = name,
        hdrs = [header],
        visibility = visibility,
        deps = ["//storage/postgres/client:query"],
    )
    native.filegroup(
        name = name + "_sql",
        srcs = srcs,
        visibility = visibility,
    )

_ALL_QUERIES = """#include "tests/support/postgres/all_queries.h"

{includes}

namespace gatehouse::tests {{

std::vector<storage::postgres::Query> AllQueries() {{
  std::vector<storage::postgres::Query> all;
{additions}
  return all;
}}

}}  // namespace gatehouse::tests
"""

def _all_queries_impl(ctx):
    ctx.actions.write(ctx.outputs.out, _ALL_QUERIES.format(
        includes = "\n".join(['#include "storage/%s/queries/%s_queries.h"' % (area, area) for area in ctx.attr.areas]),
        additions = "\n".join(["  for (const auto& query : storage::%s::queries::kAll) all.push_back(query);" % area for area in ctx.attr.areas]),
    ))

# What implements tests/support/postgres/all_queries.h for the folders storage/AREA/queries.
gatehouse_all_queries = rule(
    implementation = _all_queries_impl,
    attrs = {
        "areas": attr.string_list(mandatory = True),
        "out": attr.output(mandatory = True),
    },
)

def _sql_variant_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".sql")
    ctx.actions.expand_template(template = ctx.file.template, output = out, substitutions = ctx.attr.values)
    return [DefaultInfo(files = depset([out]))]

# NAME.sql from a template, for long statements that differ in a few places where no parameter can stand: the direction of an
# index, a table. Short ones are easier to read as copies.
gatehouse_sql_variant = rule(
    implementation = _sql_variant_impl,
    attrs = {
        "template": attr.label(allow_single_file = [".template"], mandatory = True),
        "values": attr.string_dict(mandatory = True),
    },
)
