#compdef tidings
# zsh completion for tidings, made by: tidings completion zsh
_tidings() {
  local at=tidings word
  local -a list
  for word in "${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      "tidings fetch" | \
      "tidings fetch list" | \
      "tidings fetch one" | \
      "tidings shell") at="$at $word" ;;
    esac
  done
  case "$at ${words[CURRENT-1]}" in
    "tidings fetch --state") compadd -- new old; return ;;
    "tidings fetch --file") _files; return ;;
    "tidings fetch --name") _message 'value'; return ;;
    "tidings fetch list --state") compadd -- new old; return ;;
    "tidings fetch list --file") _files; return ;;
    "tidings fetch list --name") _message 'value'; return ;;
  esac
  case "$at" in
    "tidings") list=(
      'fetch:Fetch things.'
      'shell:It'\''s about shells.'
      '--help:Show context-sensitive help.'
    ) ;;
    "tidings fetch") list=(
      'list:List what was fetched\: all of it.'
      'one:Fetch one.'
      '--state:new or old.'
      '--file:Where to write.'
      '--name:Whose.'
      '--all:All of them.'
    ) ;;
    "tidings fetch list") list=(
      '--state:new or old.'
      '--file:Where to write.'
      '--name:Whose.'
      '--all:All of them.'
    ) ;;
    "tidings fetch one") list=(
    ) ;;
    "tidings shell") list=(
      'bash:It'\''s about shells.'
      'fish:It'\''s about shells.'
    ) ;;
  esac
  _describe 'tidings' list || _files
}
_tidings "$@"
