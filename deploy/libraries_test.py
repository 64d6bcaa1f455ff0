"""The libraries that the program is linked to are those of the image, of the guide and of tools/setup."""

import glob
import os
import re
import subprocess
import unittest

PROGRAM = "service/main/gatehouse"
# In every Debian: libc6 and libcrypt1 are needed by what is essential, the others by apt.
ALWAYS = {"libc6", "libcrypt1", "libgcc-s1", "libstdc++6"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def owners_of(paths):
    """Path -> the Debian package that has it, of those that one has. By the names that packages know: /lib is a link to /usr/lib."""
    names = {name: path for path in paths for name in (path, path.removeprefix("/usr"))}
    # It fails where one of them is nobody's, and tells of the others.
    done = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True, check=False)
    return {names[name]: package for package, name in re.findall(r"^([^:\s]+)(?::\w+)?: (\S+)$", done.stdout, re.MULTILINE)}


def linked():
    """The packages that the program names itself, not those that these need in turn."""
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", output_of("readelf", "--dynamic", PROGRAM)))
    found = dict(re.findall(r"^\s*(\S+) => (/\S+)", output_of("ldd", PROGRAM), re.MULTILINE))
    missing = needed - set(found) - {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    if missing:
        raise AssertionError(f"not found: {missing}")
    files = {os.path.realpath(found[name]) for name in needed if name in found}
    owners = owners_of(files)
    if files - owners.keys():
        raise AssertionError(f"of no package: {files - owners.keys()}")
    return set(owners.values())


def installed(text):
    """The packages of the first `apt-get install` in a text."""
    command = re.search(r"apt-get install ((?:[^\n]*\\\n)*[^\n]*)", text).group(1)
    words = command.replace("\\\n", " ").partition("&&")[0].split()
    return {word for word in words if not word.startswith("-")}


def set_up():
    """What tools/setup installs to build."""
    block = re.search(r"^RUNTIME_PACKAGES=\((.*?)^\)", read("tools/setup"), re.MULTILINE | re.DOTALL).group(1)
    return set(re.sub(r"#.*", "", block).split())


class LibrariesTest(unittest.TestCase):
    def test_the_image_and_the_guide_have_those_of_the_program_and_no_others(self):
        wanted = linked() - ALWAYS
        self.assertGreater(len(wanted), 10)
        # curl asks whether it is ready, ca-certificates is for webhooks.
        self.assertEqual(installed(read("deploy/Dockerfile")), wanted | {"ca-certificates", "curl"})
        self.assertEqual(installed(read("docs/operating/install.md")), wanted)

    def test_what_is_linked_is_set_up(self):
        setup = set_up()
        names = re.findall(r'"-l(:?)([\w.+-]+)"', read("third_party/BUILD.bazel"))
        self.assertGreater(len(names), 50)
        places = {}
        for exact, name in names:
            files = [name] if exact else [f"lib{name}.so", f"lib{name}.a"]
            # By where the link stands: what it leads to is of another package.
            places[name] = [path for file in files for path in glob.glob(f"/usr/lib/*-linux-gnu/{file}")]
        owners = owners_of({path for paths in places.values() for path in paths})
        missing = {name for name, paths in places.items() if not {owners.get(path) for path in paths} & setup}
        self.assertEqual(missing, set())

    def test_the_image_is_built_with_what_is_set_up(self):
        stage = re.search(r"^FROM \S+ AS tools\n(.*?)^FROM", read("deploy/Dockerfile"), re.MULTILINE | re.DOTALL).group(1)
        self.assertIn("RUN tools/setup runtime", stage)
        self.assertNotIn("apt-get install", stage)
        copied = set(re.search(r"COPY (.*) tools/", stage).group(1).split())
        sourced = set(re.findall(r'^source "\$\(dirname "\$0"\)/(\S+)"', read("tools/setup"), re.MULTILINE))
        self.assertEqual(copied, {"tools/setup"} | {f"tools/{name}" for name in sourced})


if __name__ == "__main__":
    unittest.main()
