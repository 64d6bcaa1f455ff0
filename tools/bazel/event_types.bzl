"""The event types of the server with their descriptions, for the catalogue."""

def gatehouse_event_types_header(name, src, out):
    """Generates OUT from the comments of the constants in SRC, of which docs/event-types.md is made as well.

    Args:
      name: target name.
      src: storage/event_types.h.
      out: the header.
    """
    native.genrule(
        name = name,
        srcs = [src],
        outs = [out],
        cmd = "$(location //tools/bazel:event_types_header) --header %s/%s $< $@" % (native.package_name(), out),
        tools = ["//tools/bazel:event_types_header"],
    )
