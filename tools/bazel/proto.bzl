"""Protobuf messages with Debian's protoc. No generated service code: the server uses gRPC's generic API."""

ProtoSourcesInfo = provider(
    "What a .proto file needs to be compiled.",
    fields = {
        "sources": "depset of .proto files, dependencies included",
        "roots": "depset of folders that imports are relative to",
        "direct": "list of this target's own files, as imported",
    },
)

# Where Debian's libprotobuf-dev puts google/protobuf/*.proto.
_SYSTEM_ROOT = "/usr/include"

def _proto_impl(ctx):
    # Generated .proto files (unpacked from a Debian package) lie below bin_dir, ours in the source tree.
    bin_root = ctx.bin_dir.path + "/" + ctx.attr.import_root
    roots = depset(
        [bin_root if not f.is_source else ctx.attr.import_root for f in ctx.files.srcs],
        transitive = [d[ProtoSourcesInfo].roots for d in ctx.attr.deps],
    )
    sources = depset(ctx.files.srcs, transitive = [d[ProtoSourcesInfo].sources for d in ctx.attr.deps])
    names = [f.short_path[len(ctx.attr.import_root) + 1:] for f in ctx.files.srcs]

    hdrs = []
    cc = []
    for f in ctx.files.srcs:
        stem = f.short_path[len(ctx.label.package) + 1:-len(".proto")]
        hdrs.append(ctx.actions.declare_file(stem + ".pb.h"))
        cc.append(ctx.actions.declare_file(stem + ".pb.cc"))
    descriptors = ctx.actions.declare_file(ctx.attr.descriptors)

    args = ctx.actions.args()
    args.add_all(roots, format_each = "-I%s")
    args.add("-I" + _SYSTEM_ROOT)
    args.add("--cpp_out=" + bin_root)
    args.add("--descriptor_set_out=" + descriptors.path)
    args.add("--include_imports")
    args.add("--include_source_info")
    args.add_all(names)
    ctx.actions.run(
        executable = "/usr/bin/protoc",
        arguments = [args],
        inputs = sources,
        outputs = hdrs + cc + [descriptors],
        mnemonic = "Protoc",
    )
    return [
        DefaultInfo(files = depset([descriptors])),
        OutputGroupInfo(hdrs = depset(hdrs), cc = depset(cc), descriptors = depset([descriptors])),
        ProtoSourcesInfo(sources = sources, roots = roots, direct = names),
        CcInfo(compilation_context = cc_common.create_compilation_context(
            headers = depset(hdrs),
            system_includes = depset([bin_root]),
        )),
    ]

_proto = rule(
    implementation = _proto_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".proto"]),
        "deps": attr.label_list(providers = [ProtoSourcesInfo]),
        "import_root": attr.string(),
        "descriptors": attr.string(),
    },
)

def _messages(label):
    """The label of the sources behind a gatehouse_proto_library."""
    return label + "_sources" if ":" in label else label + ":" + label.split("/")[-1] + "_sources"

def gatehouse_proto_library(name, srcs, deps = [], import_root = "proto", visibility = ["//visibility:public"]):
    """Messages as a C++ library: #include "gatehouse/v1/user.pb.h" for proto/gatehouse/v1/user.proto.

    NAME_descriptors is the FileDescriptorSet of these files and all they import, in NAME.binpb.

    Args:
      name: target name.
      srcs: the .proto files.
      deps: other gatehouse_proto_library targets.
      import_root: folder that imports and includes are relative to.
      visibility: who may use it.
    """
    _proto(
        name = name + "_sources",
        srcs = srcs,
        deps = [_messages(d) for d in deps],
        descriptors = name + ".binpb",
        import_root = import_root,
        visibility = visibility,
    )
    native.filegroup(
        name = name + "_cc",
        srcs = [":" + name + "_sources"],
        output_group = "cc",
    )
    native.filegroup(
        name = name + "_hdrs",
        srcs = [":" + name + "_sources"],
        output_group = "hdrs",
    )
    native.filegroup(
        name = name + "_descriptors",
        srcs = [":" + name + "_sources"],
        output_group = "descriptors",
        visibility = visibility,
    )
    native.cc_library(
        name = name,
        srcs = [":" + name + "_cc"],
        hdrs = [":" + name + "_hdrs"],
        # Generated: its warnings are not ours to fix.
        copts = ["-w"],
        linkstatic = True,
        # All of it or none: what walks the descriptors of a program must also find the
        # services that nothing in it refers to.
        alwayslink = True,
        visibility = visibility,
        deps = deps + [
            ":" + name + "_sources",
            "//third_party:protobuf",
        ],
    )

def _py_proto_impl(ctx):
    outputs = []
    for name in ctx.attr.proto[ProtoSourcesInfo].direct:
        stem = name[:-len(".proto")]
        outputs.append(ctx.actions.declare_file(stem + "_pb2.py"))
        outputs.append(ctx.actions.declare_file(stem + "_pb2_grpc.py"))
    root = ctx.bin_dir.path + "/" + ctx.label.package
    args = ctx.actions.args()
    args.add_all(ctx.attr.proto[ProtoSourcesInfo].roots, format_each = "-I%s")
    args.add("-I" + _SYSTEM_ROOT)
    args.add("--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin")
    args.add("--python_out=" + root)
    args.add("--grpc_out=" + root)
    args.add_all(ctx.attr.proto[ProtoSourcesInfo].direct)
    ctx.actions.run(
        executable = "/usr/bin/protoc",
        arguments = [args],
        inputs = ctx.attr.proto[ProtoSourcesInfo].sources,
        outputs = outputs,
        mnemonic = "ProtocPython",
    )
    return [DefaultInfo(files = depset(outputs))]

_py_proto = rule(
    implementation = _py_proto_impl,
    attrs = {"proto": attr.label(providers = [ProtoSourcesInfo])},
)

def gatehouse_py_proto(name, proto, deps = [], visibility = ["//visibility:public"]):
    """Messages and client stubs for tests written in Python: from gatehouse.v1 import user_pb2, user_pb2_grpc.

    Args:
      name: target name.
      proto: a gatehouse_proto_library.
      deps: gatehouse_py_proto targets of what it imports.
      visibility: who may use it.
    """
    _py_proto(
        name = name + "_files",
        testonly = True,
        proto = _messages(proto),
    )
    native.py_library(
        name = name,
        testonly = True,
        srcs = [":" + name + "_files"],
        imports = ["."],
        visibility = visibility,
        deps = deps,
    )
