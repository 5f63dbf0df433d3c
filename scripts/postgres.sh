#!/usr/bin/env bash
# A private PostgreSQL for the tests: a cluster of its own in .postgres/, on loopback, on a free port, with fsync on.
# It uses Debian's package and installs it where it is missing and the user is root.
#
#   scripts/postgres.sh start   start it if it is not running, print its URL
#   scripts/postgres.sh url     print its URL, fail if it is not running
#   scripts/postgres.sh stop    stop it
#   scripts/postgres.sh remove  stop it and delete its files
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
home="${TIDINGS_TEST_POSTGRES_HOME:-$root/.postgres}"

say() { echo "postgres.sh: $*" >&2; }
. "$root/scripts/debian.sh"

binaries() {
  local newest=""
  for d in /usr/lib/postgresql/*/bin; do
    [ -x "$d/initdb" ] && [ -x "$d/pg_ctl" ] && newest="$d"
  done
  [ -n "$newest" ] && { echo "$newest"; return; }
  local found
  found="$(command -v pg_ctl || true)"
  [ -n "$found" ] && [ -x "$(dirname "$found")/initdb" ] && { dirname "$found"; return; }
  return 1
}

install() {
  # The package must not start a cluster of its own: this script makes one.
  if [ "$(id -u)" = 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
  debian "PostgreSQL is not installed" "apt-get install postgresql, or set TIDINGS_TEST_POSTGRES to a server's URL" postgresql
}

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && su postgres -s /bin/bash -c "$(printf '%q ' "$@")")
  else
    "$@"
  fi
}

# In memory, making and dropping a database takes a tenth of the time. What survives a power cut is PostgreSQL's to test.
# The user postgres may not be able to reach this folder (a home directory is often closed), so else the cluster of root
# lives below /var/tmp. .postgres/ says where it is.
data_dir() {
  if [ -f "$home/where" ]; then
    cat "$home/where"
  elif [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt $((4 << 20)) ]; then
    mktemp -d /dev/shm/tidings-postgres.XXXXXX
  elif [ "$(id -u)" = 0 ]; then
    mktemp -d /var/tmp/tidings-postgres.XXXXXX
  else
    echo "$home/cluster"
  fi
}

free_port() {
  local port
  for port in $(seq 55432 55532); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  say "no free port between 55432 and 55532"
  exit 1
}

url() { echo "postgres://postgres@127.0.0.1:$(cat "$home/port")/postgres?sslmode=disable"; }

running() {
  [ -f "$home/where" ] && [ -f "$home/port" ] || return 1
  local dir
  dir="$(cat "$home/where")"
  [ -d "$dir/data" ] && as_owner "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1
}

start() {
  if ! bin="$(binaries)"; then
    install
    bin="$(binaries)"
  fi
  mkdir -p "$home"
  # Two `make test` at once start one cluster.
  exec 9>"$home/lock"
  flock 9
  running && { url; return; }
  local dir port
  dir="$(data_dir)"
  mkdir -p "$dir"
  [ "$(id -u)" = 0 ] && chown postgres "$dir"
  if [ ! -f "$dir/data/PG_VERSION" ]; then
    as_owner "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >&2
  fi
  port="$(free_port)"
  as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start -o "-p $port -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories=$dir -c max_connections=200 -c fsync=on -c shared_buffers=256MB" >&2 9>&- || {
    tail -n 20 "$dir/log" >&2 || true
    exit 1
  }
  echo "$dir" >"$home/where"
  echo "$port" >"$home/port"
  url
}

stop() {
  bin="$(binaries)" || return 0
  running || return 0
  as_owner "$bin/pg_ctl" -D "$(cat "$home/where")/data" -m fast -w stop >&2
  rm -f "$home/port"
}

remove() {
  stop
  [ -f "$home/where" ] && rm -rf "$(cat "$home/where")"
  rm -rf "$home"
}

bin=""
case "${1:-}" in
  start) start ;;
  stop) stop ;;
  remove) remove ;;
  url) bin="$(binaries)" && running && url ;;
  *)
    say "usage: $0 start|stop|remove|url"
    exit 2
    ;;
esac
