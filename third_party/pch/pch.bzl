"""Headers compiled ahead. Four fifths of a compilation here is reading the same headers of the standard library and Abseil."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

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
            " ".join([f.path for f in ctx.files.srcs]),
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
        inputs = depset(ctx.files.srcs + ctx.files._headers, transitive = [toolchain.all_files]),
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
        "srcs": attr.label_list(allow_files = [".h"], mandatory = True),
        "_headers": attr.label(default = "@debian_headers//:headers"),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def pch_deps(name):
    """What a target with pch_copts(name) depends on."""
    return select({
        "//third_party/pch:off": [],
        "//conditions:default": ["//third_party/pch:" + name],
    })

def pch_copts(name):
    """Options that make a target use the precompiled header `name`, common or test."""
    return select({
        "//third_party/pch:off": [],
        "//conditions:default": ["-include-pch", "$(BINDIR)/third_party/pch/%s.pch" % name],
    })
