#!/usr/bin/env bash
# The race detector needs a C compiler (the program itself does not). This installs Debian's where there is none and
# the user is root.
set -euo pipefail
source "$(dirname "$0")/debian.sh"

command -v "$(go env CC)" >/dev/null && exit 0
debian "go test -race needs a C compiler" "apt-get install gcc libc6-dev" gcc libc6-dev
