#!/usr/bin/env bash
# Fuzzes every fuzz target of some packages for a while, two at a time with one worker each, and prints a line for each.
# Fails with the input of the first crash of each target, which go test keeps in the package's testdata/fuzz.
#
#   scripts/fuzz.sh TIME PACKAGE…     scripts/fuzz.sh 10s ./provider/... ./event/...
set -euo pipefail
cd "$(dirname "$0")/.."

# go test -fuzz reports "context deadline exceeded" when its own clock ends while a worker is busy. It is no finding:
# no input is written. Go 1.27 does not do it any more: https://go.dev/issue/75804
readonly spurious='context deadline exceeded'

fuzz() {
  local time="$1" package="$2" target="$3" log last
  log="$(mktemp)"
  # By default every interesting input is made smaller for up to a minute, which would be all of a short run.
  if go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x -parallel 1 "$package" >"$log" 2>&1 ||
    { grep -aq "$spurious" "$log" && ! grep -aq 'Failing input' "$log"; }; then
    # A short run on a busy machine may end amid the corpus, before the first line that counts executions.
    last="$(grep -aE '^fuzz: elapsed: .* execs: ' "$log" | tail -n 1 || true)"
    [ -n "$last" ] || last=' execs: 0  new interesting: 0'
    printf 'ok    %-28s %-18s %9s executions, %s new interesting\n' "${package#tidings/}" "$target" \
      "$(sed -E 's/.* execs: ([0-9]+).*/\1/' <<<"$last")" "$(sed -E 's/.* new interesting: ([0-9]+).*/\1/' <<<"$last")"
    rm -f "$log"
    return
  fi
  {
    printf 'FAIL  %-28s %s\n' "${package#tidings/}" "$target"
    grep -av '^fuzz: elapsed' "$log"
    sed -n 's/.*Failing input written to //p' "$log" | while read -r input; do
      echo "--- $(go list -f '{{.Dir}}' "$package")/$input"
      cat "$(go list -f '{{.Dir}}' "$package")/$input"
    done
  } >"$log.whole" || true
  cat "$log.whole" # at once, so that the other target's line does not stand in its middle
  rm -f "$log" "$log.whole"
  return 1
}

if [ "${1:-}" = one ]; then
  fuzz "$2" "$3" "$4"
  exit
fi

time="$1"
shift
targets="$(go test -list '^Fuzz' "$@" | awk '/^Fuzz/ {names[++n] = $1}
  /^ok/ {for (i = 1; i <= n; i++) print $2, names[i]; n = 0}')"
[ -n "$targets" ] || { echo "fuzz.sh: no fuzz target in $*" >&2; exit 1; }
# What all targets stand on is compiled once, before two of them do it beside each other.
go test -c -o /dev/null -fuzz '^$' "$(awk 'NR == 1 {print $1}' <<<"$targets")"
xargs -P 2 -L 1 scripts/fuzz.sh one "$time" <<<"$targets"
