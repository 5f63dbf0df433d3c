# For other scripts to source: installs Debian's packages where the user is root, else ends with what to do.
#
#   debian NAME REMEDY PACKAGE…     debian "no browser" "apt-get install chromium" chromium
debian() {
  local missing="$1" remedy="$2"
  shift 2
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "$(basename "$0"): $missing: $remedy" >&2
    exit 1
  fi
  echo "$(basename "$0"): installing Debian's $*" >&2
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >&2
}
