#!/usr/bin/env bash
# Lints the OpenAPI document that bin/tidings serves, with a linter that knows nothing of how it was made.
# Needs curl and Node's npx, which fetches the linter of this version.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=2.77.0
ADDRESS="${ADDRESS:-127.0.0.1:18473}"
WORK="$(mktemp -d)"

bin/tidings serve --db "$WORK/tidings.db" --listen "$ADDRESS" --log-level warn &
SERVER=$!
trap 'kill "$SERVER" 2>/dev/null; wait "$SERVER" 2>/dev/null; rm -rf "$WORK"' EXIT

curl -fsS --retry 50 --retry-delay 1 --retry-connrefused --output "$WORK/openapi.json" "http://$ADDRESS/openapi.json"
cp scripts/redocly.yaml "$WORK/"
cd "$WORK"
REDOCLY_TELEMETRY=off npx --yes "@redocly/cli@$VERSION" lint --config redocly.yaml openapi.json
