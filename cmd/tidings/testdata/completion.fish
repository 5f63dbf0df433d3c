# fish completion for tidings, made by: tidings completion fish
function __tidings_at
    set -l tokens (commandline -opc)
    set -e tokens[1]
    set -l at tidings
    for word in $tokens
        switch "$at $word"
            case 'tidings fetch' 'tidings fetch list' 'tidings fetch one' 'tidings shell'
                set at "$at $word"
        end
    end
    test "$at" = "$argv"
end
complete -c tidings -n "__tidings_at tidings" -f -a fetch -d 'Fetch things.'
complete -c tidings -n "__tidings_at tidings" -f -a shell -d 'It\'s about shells.'
complete -c tidings -n "__tidings_at tidings" -l help -d 'Show context-sensitive help.'
complete -c tidings -n "__tidings_at tidings fetch" -f -a list -d 'List what was fetched: all of it.'
complete -c tidings -n "__tidings_at tidings fetch" -f -a one -d 'Fetch one.'
complete -c tidings -n "__tidings_at tidings fetch" -l state -x -a 'new old' -d 'new or old.'
complete -c tidings -n "__tidings_at tidings fetch" -l file -r -F -d 'Where to write.'
complete -c tidings -n "__tidings_at tidings fetch" -l name -x -d 'Whose.'
complete -c tidings -n "__tidings_at tidings fetch" -l all -d 'All of them.'
complete -c tidings -n "__tidings_at tidings fetch list" -l state -x -a 'new old' -d 'new or old.'
complete -c tidings -n "__tidings_at tidings fetch list" -l file -r -F -d 'Where to write.'
complete -c tidings -n "__tidings_at tidings fetch list" -l name -x -d 'Whose.'
complete -c tidings -n "__tidings_at tidings fetch list" -l all -d 'All of them.'
complete -c tidings -n "__tidings_at tidings shell" -f -a bash -d 'It\'s about shells.'
complete -c tidings -n "__tidings_at tidings shell" -f -a fish -d 'It\'s about shells.'
