package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// serveNode is the command whose flags are the settings.
func serveNode(model *kong.Application) *kong.Node {
	i := slices.IndexFunc(model.Children, func(n *kong.Node) bool { return n.Name == "serve" })
	return model.Children[i]
}

// settings are the flags of a command, without --help and hidden ones.
func settings(n *kong.Node) []*kong.Flag {
	var list []*kong.Flag
	for _, f := range n.Flags {
		if len(f.Envs) > 0 && !f.Hidden {
			list = append(list, f)
		}
	}
	return list
}

//go:generate go test -run TestTheFileOfSettingsIsCurrent -update

const settingsHead = `# The settings of tidings serve. Every line is commented out and shows the default: uncomment to change it.
# This file can be the EnvironmentFile of a systemd unit (docs/install.md). A flag wins over a line here.
# tidings config print shows what a server would have, tidings config check what is wrong with it.
`

// settingsFile writes every setting with its help and its default, in the form that systemd reads.
func settingsFile(model *kong.Application) string {
	var b strings.Builder
	b.WriteString(settingsHead)
	for _, f := range settings(serveNode(model)) {
		b.WriteString("\n")
		for _, line := range wrapped(f.Help, 118) {
			b.WriteString("# " + line + "\n")
		}
		if shape := f.FormatPlaceHolder(); f.PlaceHolder != "" {
			b.WriteString("# Form: " + shape)
			if f.Default == "" {
				b.WriteString(". Not set by default.")
			}
			b.WriteString("\n")
		}
		b.WriteString("#" + f.Envs[0] + "=" + quoted(f.Default) + "\n")
	}
	return b.String()
}

// quoted writes a value as systemd's EnvironmentFile has it, see systemd.exec(5).
func quoted(s string) string {
	if !strings.ContainsAny(s, " \t\"'\\;#$`") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(s) + `"`
}

// wrapped breaks a text into lines of at most width bytes, where its words are not longer.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
