#!/usr/bin/env bash
# The race detector needs a C compiler (the program itself does not). This installs Debian's where there is none and
# the user is root.
set -euo pipefail

command -v "$(go env CC)" >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "compiler.sh: go test -race needs a C compiler: apt-get install gcc libc6-dev" >&2
  exit 1
fi
echo "compiler.sh: installing Debian's gcc for the race detector" >&2
{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev; } >&2
