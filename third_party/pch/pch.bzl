"""Headers compiled ahead. Four fifths of a compilation here is reading the same headers of the standard library and Abseil."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _one_text(ctx):
    """The headers as one text. Ours are written out in it: a precompiled header remembers where each file was, and ours are elsewhere in
    every sandbox."""
    headers = cc_common.merge_cc_infos(cc_infos = [d[CcInfo] for d in ctx.attr.deps]).compilation_context
    text = ctx.actions.declare_file(ctx.label.name + ".flat.h")
    args = ctx.actions.args()
    args.add("--out", text)
    args.add_all(headers.quote_includes, before_each = "--folder")
    args.add_all(headers.system_includes, before_each = "--folder")
    args.add_all(ctx.attr.headers, before_each = "--header")
    args.add_all(ctx.files.srcs)
    ctx.actions.run(
        executable = ctx.executable._flatten,
        arguments = [args],
        inputs = depset(ctx.files.srcs, transitive = [headers.headers]),
        outputs = [text],
        mnemonic = "FlattenHeaders",
    )
    return text

def _precompiled_header_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features + ["layering_check", "module_maps"],
    )

    # With the options of the files that use it, or the compiler refuses it.
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts,
        use_pic = ctx.var["COMPILATION_MODE"] != "opt",
    )
    text = _one_text(ctx)
    out = ctx.actions.declare_file(ctx.label.name + ".pch")
    args = ctx.actions.args()
    args.add_all(cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    ))

    # Our targets have the feature layering_check, and the compiler wants the same here; there is nothing to check.
    args.add("-fmodules-strict-decluse")

    # What the headers themselves need of templates is made once, here.
    args.add("-fpch-instantiate-templates")

    # Where and when it was made must not matter to whoever takes it from a cache. So it keeps no times, reads its text from a
    # pipe, since of a file it would keep the whole path, and is made in a folder that every machine has.
    args.add_all(["-Xclang", "-fno-pch-timestamp", "-x", "c++-header", "-"])
    ctx.actions.run_shell(
        command = "here=$PWD && cat %s | (cd / && %s \"$@\" -o \"$here/%s\")" % (
            text.path,
            cc_common.get_tool_for_action(
                feature_configuration = features,
                action_name = CPP_COMPILE_ACTION_NAME,
            ),
            out.path,
        ),
        arguments = [args],
        env = cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = variables,
        ),
        inputs = depset([text] + ctx.files._headers, transitive = [toolchain.all_files]),
        outputs = [out],
        mnemonic = "PrecompileHeader",
    )
    return [
        DefaultInfo(files = depset([out])),
        CcInfo(compilation_context = cc_common.create_compilation_context(headers = depset([out]))),
    ]

precompiled_header = rule(
    implementation = _precompiled_header_impl,
    attrs = {
        # Lists of headers that are not ours.
        "srcs": attr.label_list(allow_files = [".h"], mandatory = True),
        # Headers of ours, as they are included, and the libraries they are of.
        "headers": attr.string_list(),
        "deps": attr.label_list(providers = [CcInfo]),
        "_flatten": attr.label(default = "//third_party/pch:flatten", executable = True, cfg = "exec"),
        "_headers": attr.label(default = "@debian_headers//:headers"),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def pch_deps(label):
    """What a target with pch_copts(label) depends on."""
    return select({
        "//third_party/pch:off": [],
        "//conditions:default": [label],
    })

def pch_copts(label):
    """Options that make a target use the precompiled header `label`, which is written in full: //third_party/pch:common."""
    return select({
        "//third_party/pch:off": [],
        # The compiler names the precompiled header among what it read only if told to, and Bazel compiles again only for those.
        "//conditions:default": [
            "-Xclang",
            "-module-file-deps",
            "-include-pch",
            "$(BINDIR)/%s.pch" % label[2:].replace(":", "/"),
        ],
    })
