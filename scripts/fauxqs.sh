#!/usr/bin/env bash
# An emulator of SQS and SNS for the tests, in the foreground, until it is killed: scripts/fauxqs.sh PORT
# It keeps nothing on disk. It needs Node's npx, which fetches the emulator of this version; its own command writes two
# lines of log for each request, so it is started without that command.
set -euo pipefail

VERSION=1.9.2
export FAUXQS_PORT="$1" FAUXQS_HOST=127.0.0.1 FAUXQS_LOGGER=false

exec npx --yes --package "fauxqs@$VERSION" --call 'exec node --input-type=module --eval "
  const { startFauxqs } = await import(\"file://$(dirname "$(readlink -f "$(command -v fauxqs)")")/app.js\");
  await startFauxqs({ logger: false });
"'
