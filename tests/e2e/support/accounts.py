"""Starting programs as another user than the one that runs the tests.

Three situations: a plain user (nothing to change to); root, who can become anybody; root in a sandbox where no other uid is
mapped, which presents itself as another one by a user namespace of its own.
"""

import os
import pwd
import subprocess


def _is_mapped(uid):
    with open("/proc/self/uid_map", encoding="ascii") as lines:
        for line in lines:
            inside, _, count = (int(word) for word in line.split())
            if inside <= uid < inside + count:
                return True
    return False


def can_become(name):
    """Whether files can be given to the user: real root."""
    return os.geteuid() == 0 and _is_mapped(pwd.getpwnam(name).pw_uid)


def prefix_of(name):
    """The words to put before a command so that it runs as the user; empty for a plain user, who stays who it is."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(name)
    if _is_mapped(user.pw_uid):
        return ["/usr/bin/setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["/usr/bin/unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}"]


def give(path, name):
    """Makes `path` the user's own where that is possible and needed."""
    if can_become(name):
        user = pwd.getpwnam(name)
        os.chown(path, user.pw_uid, user.pw_gid)


def hiding_prefix(folder, size=None):
    """The words to put before a command so that `folder` is an empty file system for it, of `size` if given.

    None where the kernel does not allow it.
    """
    options = f"-o size={size},mode=0777 " if size else ""
    words = ["/usr/bin/unshare", "--mount"]
    if not can_become("postgres"):
        words += ["--user", "--map-root-user"]
    # The shell mounts, then becomes the command that follows it.
    words += ["/bin/sh", "-c", f'mount -t tmpfs {options}none "{folder}" && exec "$@"', "sh"]
    allowed = subprocess.run([*words, "/bin/true"], capture_output=True, check=False).returncode == 0
    return words if allowed else None
