# shellcheck shell=bash
# Shared by the scripts in tools/: source it right after `set`. It moves to the root of the repository.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# Bazel needs it too, and a service or `env -i` may not have it.
export HOME="${HOME:-$(getent passwd "$EUID" | cut -d: -f6)}"

# Programs that Debian does not package live here, outside the tree, so that every clone shares them.
TOOLS_DIR="$HOME/.cache/gatehouse-tools"
export PATH="$TOOLS_DIR/bin:$PATH:/usr/sbin:/sbin"

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

# Prints the comment at the top of the calling script, which is its help text.
usage() {
  sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "tools/${0##*/}"
}
