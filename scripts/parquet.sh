#!/usr/bin/env bash
# Opens the Parquet files that bin/tidings writes with DuckDB, a program that others wrote: the file of tidings export events, and those
# that a scheduled export of a server wrote and its manifests name. Fails where the counts by name, the columns or their
# types are others than the server's.
# Needs Node 20 and npm; DuckDB, in the version below, stays in .bin/parquet. With the word install it does only that.
set -euo pipefail
cd "$(dirname "$0")/.."

DUCKDB=1.5.6-r.1
ADDRESS="${ADDRESS:-127.0.0.1:18477}"
EVENTS="${EVENTS:-3000}"
TOOLS="$PWD/.bin/parquet"

if [ "$(cat "$TOOLS/versions" 2>/dev/null)" != "$DUCKDB" ]; then
  npm install --prefix "$TOOLS" --no-audit --no-fund --no-save --loglevel error "@duckdb/node-api@$DUCKDB"
  echo "$DUCKDB" >"$TOOLS/versions"
fi
[ "${1:-}" != install ] || exit 0

WORK="$(mktemp -d)"
SERVER=
trap '[ -z "$SERVER" ] || { kill "$SERVER" 2>/dev/null; wait "$SERVER" 2>/dev/null; }; rm -rf "$WORK" "$TOOLS"/*.mjs' EXIT

DB="$WORK/tidings.db"
mkdir "$WORK/exports"
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }
simulate() { bin/tidings simulate --key-file "$WORK/key.pem" --events "$EVENTS" "$@" >/dev/null; }
bin/tidings simulate --key-file "$WORK/key.pem" --certificate-out "$WORK/demo.pem" >/dev/null
SOURCE="$(bin/tidings source create --provider ses --name demo --signing-certificate "$WORK/demo.pem" --db "$DB" --json \
  --topic arn:aws:sns:eu-west-1:123456789012:simulated-mail --public-url "http://$ADDRESS" | field url)"
KEY="$(bin/tidings key create --kind secret --name reader --db "$DB" --json | field key)"
bin/tidings serve --db "$DB" --listen "$ADDRESS" --log-level warn --export-folder "$WORK/exports" &
SERVER=$!
curl -fsS --retry 50 --retry-delay 1 --retry-connrefused --output /dev/null "http://$ADDRESS/readyz" 2>/dev/null

curl -fsS "http://$ADDRESS/exports" -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' --output /dev/null \
  -d '{"name":"lake","folder":"lake","format":"parquet"}'
simulate --url "$SOURCE" --seed 7
bin/tidings export events "$WORK/all.parquet" --db "$DB"
bin/tidings export events "$WORK/all.jsonl" --db "$DB"

cp scripts/parquet.mjs "$TOOLS/parquet.mjs"
TIDINGS_URL="http://$ADDRESS" TIDINGS_KEY="$KEY" node "$TOOLS/parquet.mjs" "$WORK"
