"""The headers of Debian's that are precompiled, as files that Bazel watches: an update of theirs compiles them anew."""

_FOLDERS = ["absl", "gmock", "gtest"]

def _debian_headers_impl(repository_ctx):
    for folder in _FOLDERS:
        if not repository_ctx.path("/usr/include/" + folder).exists:
            fail("/usr/include/%s is not installed: run tools/setup" % folder)
        repository_ctx.symlink("/usr/include/" + folder, folder)
    repository_ctx.symlink("/usr/include/c++/12", "c++")
    repository_ctx.file(
        "BUILD.bazel",
        'filegroup(name = "headers", srcs = glob(["**"], exclude = ["BUILD.bazel", "WORKSPACE"]), visibility = ["//visibility:public"])\n',
    )

debian_headers = repository_rule(
    implementation = _debian_headers_impl,
    local = True,
)
