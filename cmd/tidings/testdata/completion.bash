# bash completion for tidings, made by: tidings completion bash
_tidings() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=tidings word
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      "tidings fetch" | \
      "tidings fetch list" | \
      "tidings fetch one" | \
      "tidings shell") at="$at $word" ;;
    esac
  done
  case "$at $prev" in
    "tidings fetch --state") mapfile -t COMPREPLY < <(compgen -W "new old" -- "$cur"); return ;;
    "tidings fetch --file") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    "tidings fetch --name") return ;;
    "tidings fetch list --state") mapfile -t COMPREPLY < <(compgen -W "new old" -- "$cur"); return ;;
    "tidings fetch list --file") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    "tidings fetch list --name") return ;;
  esac
  case "$at" in
    "tidings") mapfile -t COMPREPLY < <(compgen -W "fetch shell --help" -- "$cur") ;;
    "tidings fetch") mapfile -t COMPREPLY < <(compgen -W "list one --state --file --name --all" -- "$cur") ;;
    "tidings fetch list") mapfile -t COMPREPLY < <(compgen -W "--state --file --name --all" -- "$cur") ;;
    "tidings fetch one") mapfile -t COMPREPLY < <(compgen -W "" -- "$cur") ;;
    "tidings shell") mapfile -t COMPREPLY < <(compgen -W "bash fish" -- "$cur") ;;
  esac
}
complete -o default -F _tidings tidings
