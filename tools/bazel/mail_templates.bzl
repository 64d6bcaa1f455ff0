"""The built-in templates of mails as a C++ header."""

def gatehouse_mail_templates_header(name, srcs, out):
    """Generates OUT with gatehouse::service::mail::kBuiltInTemplates of LOCALE/KIND.txt and LOCALE/KIND.html.

    Args:
      name: target name.
      srcs: the files.
      out: the header.
    """
    native.genrule(
        name = name,
        srcs = srcs,
        outs = [out],
        cmd = "$(location //tools/bazel:mail_templates_header) --header %s/%s --out $@ $(SRCS)" % (
            native.package_name(),
            out,
        ),
        tools = ["//tools/bazel:mail_templates_header"],
    )
