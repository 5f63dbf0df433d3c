package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is the long help.
func (*completionCommand) Help() string {
	return `Write the output where the shell looks for it:

  tidings completion bash > /etc/bash_completion.d/tidings
  tidings completion zsh > /usr/local/share/zsh/site-functions/_tidings
  tidings completion fish > ~/.config/fish/completions/tidings.fish`
}

// Run prints the script of a shell.
func (k *completionCommand) Run(c *console, parsed *kong.Context) error {
	write := map[string]func([]completed) string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[k.Shell]
	fmt.Fprint(c.out, write(completions(parsed.Model.Node)))
	return nil
}

// completed is one command as shells complete it.
type completed struct {
	path     string // with the program: "tidings source create"
	commands []completedWord
	flags    []completedWord
}

// completedWord is a command or a flag. Flags that take no value are switches; the value of one that does is a file, one
// of choices, or anything.
type completedWord struct {
	word, help   string
	takes, files bool
	choices      []string
}

// completions lists a command and all below it. What a command does by itself is also completed above it.
func completions(n *kong.Node) []completed {
	c := completed{path: n.FullPath()}
	flags := n.Flags
	if n.DefaultCmd != nil {
		flags = slices.Concat(flags, n.DefaultCmd.Flags)
	}
	for _, f := range flags {
		w := completedWord{word: "--" + f.Name, help: f.Help, takes: !f.IsBool(), files: f.Tag.Type == "path"}
		if f.Enum != "" {
			w.choices = f.EnumSlice()
		}
		c.flags = append(c.flags, w)
	}
	if len(n.Positional) > 0 && n.Positional[0].Enum != "" {
		for _, word := range n.Positional[0].EnumSlice() {
			c.commands = append(c.commands, completedWord{word: word, help: n.Help})
		}
	}
	below := []completed{}
	for _, child := range n.Children {
		if child.Hidden {
			continue
		}
		c.commands = append(c.commands, completedWord{word: child.Name, help: child.Help})
		below = append(below, completions(child)...)
	}
	return append([]completed{c}, below...)
}

// paths are the patterns of a shell's case that tell commands from other words.
func paths(all []completed) string {
	var list []string
	for _, c := range all[1:] {
		list = append(list, `"`+c.path+`"`)
	}
	return strings.Join(list, " | \\\n      ")
}

func words(list ...[]completedWord) string {
	var out []string
	for _, w := range slices.Concat(list...) {
		out = append(out, w.word)
	}
	return strings.Join(out, " ")
}

func bashCompletion(all []completed) string {
	var b strings.Builder
	b.WriteString(`# bash completion for tidings, made by: tidings completion bash
_tidings() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=tidings word
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ` + paths(all) + `) at="$at $word" ;;
    esac
  done
  case "$at $prev" in
`)
	eachValue(all, func(path string, f completedWord) {
		reply := "return"
		switch {
		case f.files:
			reply = `compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return`
		case len(f.choices) > 0:
			reply = `mapfile -t COMPREPLY < <(compgen -W "` + strings.Join(f.choices, " ") + `" -- "$cur"); return`
		}
		fmt.Fprintf(&b, "    %q) %s ;;\n", path+" "+f.word, reply)
	})
	b.WriteString("  esac\n  case \"$at\" in\n")
	for _, c := range all {
		fmt.Fprintf(&b, "    %q) mapfile -t COMPREPLY < <(compgen -W %q -- \"$cur\") ;;\n", c.path, words(c.commands, c.flags))
	}
	b.WriteString("  esac\n}\ncomplete -o default -F _tidings tidings\n")
	return b.String()
}

// eachValue visits every flag that takes a value.
func eachValue(all []completed, visit func(path string, f completedWord)) {
	for _, c := range all {
		for _, f := range c.flags {
			if f.takes {
				visit(c.path, f)
			}
		}
	}
}

func zshCompletion(all []completed) string {
	var b strings.Builder
	b.WriteString(`#compdef tidings
# zsh completion for tidings, made by: tidings completion zsh
_tidings() {
  local at=tidings word
  local -a list
  for word in "${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ` + paths(all) + `) at="$at $word" ;;
    esac
  done
  case "$at ${words[CURRENT-1]}" in
`)
	eachValue(all, func(path string, f completedWord) {
		reply := "_message 'value'"
		switch {
		case f.files:
			reply = "_files"
		case len(f.choices) > 0:
			reply = "compadd -- " + strings.Join(f.choices, " ")
		}
		fmt.Fprintf(&b, "    %q) %s; return ;;\n", path+" "+f.word, reply)
	})
	b.WriteString("  esac\n  case \"$at\" in\n")
	for _, c := range all {
		fmt.Fprintf(&b, "    %q) list=(\n", c.path)
		for _, w := range slices.Concat(c.commands, c.flags) {
			fmt.Fprintf(&b, "      %s\n", single(strings.ReplaceAll(w.word, ":", `\:`)+":"+strings.ReplaceAll(w.help, ":", `\:`)))
		}
		b.WriteString("    ) ;;\n")
	}
	b.WriteString("  esac\n  _describe 'tidings' list || _files\n}\n_tidings \"$@\"\n")
	return b.String()
}

// single quotes a text for shells.
func single(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func fishCompletion(all []completed) string {
	var b strings.Builder
	b.WriteString(`# fish completion for tidings, made by: tidings completion fish
function __tidings_at
    set -l tokens (commandline -opc)
    set -e tokens[1]
    set -l at tidings
    for word in $tokens
        switch "$at $word"
            case`)
	for _, c := range all[1:] {
		b.WriteString(" " + single(c.path))
	}
	b.WriteString("\n                set at \"$at $word\"\n        end\n" +
		"    end\n    test \"$at\" = \"$argv\"\nend\n")
	for _, c := range all {
		at := ` -n "__tidings_at ` + c.path + `"`
		for _, w := range c.commands {
			fmt.Fprintf(&b, "complete -c tidings%s -f -a %s -d %s\n", at, w.word, fishText(w.help))
		}
		for _, f := range c.flags {
			name := strings.TrimPrefix(f.word, "--")
			fmt.Fprintf(&b, "complete -c tidings%s -l %s%s -d %s\n", at, name, fishValue(f), fishText(f.help))
		}
	}
	return b.String()
}

func fishValue(f completedWord) string {
	switch {
	case !f.takes:
		return ""
	case f.files:
		return " -r -F"
	case len(f.choices) > 0:
		return " -x -a " + single(strings.Join(f.choices, " "))
	}
	return " -x"
}

// fishText quotes a text for fish, where backslashes escape within single quotes too.
func fishText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
