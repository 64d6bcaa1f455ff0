"""The enum of error reasons as a C++ header without Protobuf."""

def gatehouse_reason_header(name, src, out):
    """Generates OUT from the enum ErrorReason in SRC, for code that must not know Protobuf.

    Args:
      name: target name.
      src: the .proto file.
      out: the header.
    """
    native.genrule(
        name = name,
        srcs = [src],
        outs = [out],
        cmd = "$(location //tools/bazel:reason_header) --header %s/%s $< $@" % (native.package_name(), out),
        tools = ["//tools/bazel:reason_header"],
    )
