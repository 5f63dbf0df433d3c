#!/usr/bin/env bash
# The pages of the web UI in a real browser, against the built program: bin/tidings must be there, with web/dist in it.
# Needs Node, npm, openssl, and Debian's Chromium, which it installs where it is missing and the user is root: the shell without a
# window of its own, which does the same with two thirds of the processor's time.
#
#   scripts/pages.sh test          drive every page, and fail at what is wrong in it
#   scripts/pages.sh screenshots   make docs/ui/ again
#   scripts/pages.sh install       fetch what both need, where it is missing
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/debian.sh

first() {
  local name
  for name; do [ -n "$name" ] && command -v "$name" && return; done
  return 1
}

browser() {
  first "${TIDINGS_TEST_CHROMIUM:-}" chromium-headless-shell && return
  [ "$(id -u)" = 0 ] && (debian "no browser" "" chromium-headless-shell) && first chromium-headless-shell && return
  first chromium chromium-browser google-chrome && return
  debian "no browser" "apt-get install chromium, or set TIDINGS_TEST_CHROMIUM to one" chromium
  first chromium
}

[ -d web/node_modules ] || scripts/web.sh install
TIDINGS_TEST_CHROMIUM="$(browser)"
export TIDINGS_TEST_CHROMIUM
[ "${1:-}" != install ] || exit 0
[ -x bin/tidings ] || { echo "pages.sh: bin/tidings is not there: run make build" >&2; exit 1; }
export TIDINGS_TEST_BINARY="${TIDINGS_TEST_BINARY:-$PWD/bin/tidings}"

cd web
case "${1:-}" in
  test) node_modules/.bin/vitest run --config test/vitest.config.ts "${@:2}" ;;
  screenshots) node_modules/.bin/vitest run --config test/screenshots/vitest.config.ts ;;
  *) echo "usage: scripts/pages.sh test|screenshots|install" >&2; exit 2 ;;
esac
