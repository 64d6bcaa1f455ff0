"""The error reasons as C++ headers without Protobuf."""

def gatehouse_reason_header(name, src, out, meanings = False):
    """Generates OUT from the enum ErrorReason in SRC, for code that must not know Protobuf.

    Args:
      name: target name.
      src: the .proto file.
      out: the header.
      meanings: what the reasons mean instead of the enum: few need the text, everybody the enum.
    """
    native.genrule(
        name = name,
        srcs = [src],
        outs = [out],
        cmd = "$(location //tools/bazel:reason_header) %s --header %s/%s $< $@" % (
            "--meanings" if meanings else "",
            native.package_name(),
            out,
        ),
        tools = ["//tools/bazel:reason_header"],
    )
