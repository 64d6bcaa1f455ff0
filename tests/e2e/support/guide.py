"""The commands of a page of docs/, typed as they stand there."""

import os
import re
import subprocess

from tests.e2e.support import known_secrets
from tests.e2e.support.gatehouse import BINARY
from tests.e2e.support.postgres import bin_dir
from tests.e2e.support.waiting import DEADLINE_S


def commands(page, heading):
    """The commands below a heading, up to the next one: the lines that are indented."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    if not section:
        raise AssertionError(f"{page} has no heading {heading!r}")
    found = re.findall(r"^    (.*)$", section.group(1), re.MULTILINE)
    if not found:
        raise AssertionError(f"{page}: no commands below {heading!r}")
    return found


def type_in(lines, folder, env, prefix=()):
    """Runs the lines in one shell that ends at the first failure; `gatehouse` and Postgres's programs are in its PATH.

    `folder` is where to put what the shell needs.
    """
    link = os.path.join(folder, "gatehouse")
    if not os.path.exists(link):
        os.symlink(BINARY, link)
    done = subprocess.run(
        [*prefix, "/bin/bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        env={**env, "PATH": f"{folder}:{bin_dir()}:{env['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    if known_secrets.found_in(done.stdout + done.stderr):
        raise AssertionError("a command printed a secret")
    if done.returncode != 0:
        raise AssertionError(f"exit code {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout
