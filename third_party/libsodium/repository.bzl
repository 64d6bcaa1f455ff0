"""The static library of Debian's libsodium-dev, as a file that Bazel watches: a security update rebuilds what contains it."""

def _debian_libsodium_impl(repository_ctx):
    compiler = repository_ctx.os.environ.get("CC", "cc")
    found = repository_ctx.execute([compiler, "-print-file-name=libsodium.a"])
    path = found.stdout.strip()

    # The compiler gives back the bare name of what it does not find.
    if found.return_code or not path.startswith("/"):
        fail("libsodium.a is not installed: run tools/setup (package libsodium-dev)")
    repository_ctx.symlink(path, "libsodium.a")
    repository_ctx.file("BUILD.bazel", 'exports_files(["libsodium.a"])\n')

debian_libsodium = repository_rule(
    implementation = _debian_libsodium_impl,
    environ = ["CC"],
    local = True,
)
