#!/usr/bin/env bash
# The web page: its sources are in web/, its build in web/dist is committed, so that go build alone gives a full binary.
# Needs Node and npm; types and check need bin/tidings, which serves the document that the types are made of.
#
#   scripts/web.sh build   make web/dist again
#   scripts/web.sh types   make web/src/api/schema.ts again
#   scripts/web.sh check   run the tests of the page, fail if either is not what the sources give
#   scripts/web.sh install fetch what the build needs, where it is missing
set -euo pipefail
cd "$(dirname "$0")/.."

ADDRESS="${ADDRESS:-127.0.0.1:18474}"
WORK="$(mktemp -d)"
SERVER=
trap '[ -z "$SERVER" ] || { kill "$SERVER" 2>/dev/null; wait "$SERVER" 2>/dev/null; }; rm -rf "$WORK"' EXIT

# npm ci refuses a lock that lacks the binaries of other systems, which not every registry has.
install() { [ -d web/node_modules ] || npm --prefix web install --no-save --no-audit --no-fund >&2; }

types() {
  bin/tidings serve --db "$WORK/tidings.db" --listen "$ADDRESS" --log-level error >&2 &
  SERVER=$!
  curl -fsS --retry 50 --retry-delay 1 --retry-connrefused --output "$WORK/openapi.json" "http://$ADDRESS/openapi.json"
  web/node_modules/.bin/openapi-typescript "$WORK/openapi.json" --output "$1" >&2
}

build() {
  web/node_modules/.bin/tsc --noEmit -p web
  (cd web && node_modules/.bin/vite build --outDir "$1" --emptyOutDir --logLevel warn) >&2
}

same() {
  diff -rq "$1" "$2" >&2 || { echo "web.sh: $1 is not what the sources give: run make web and commit it" >&2; exit 1; }
}

install
case "${1:-}" in
  install) ;;
  build) build "$PWD/web/dist" ;;
  types) types web/src/api/schema.ts ;;
  check)
    types "$WORK/schema.ts"
    same web/src/api/schema.ts "$WORK/schema.ts"
    (cd web && node_modules/.bin/vitest run src/lib --reporter dot) >&2
    build "$WORK/dist"
    same web/dist "$WORK/dist"
    ;;
  *) echo "usage: scripts/web.sh build|types|check|install" >&2; exit 2 ;;
esac
