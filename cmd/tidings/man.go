package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct {
	printing `embed:""`
	Dir      string `arg:"" optional:"" type:"path" help:"Folder to write the pages of all commands into."`
}

// Help is the long help.
func (*manCommand) Help() string {
	return `Pages are roff of section 1, one a command: tidings-source-create.1.

  tidings man /usr/local/share/man/man1
  tidings man | man -l -`
}

// Run prints the page of the program, or writes all pages.
func (m *manCommand) Run(c *console, parsed *kong.Context) error {
	pages := manPages(parsed.Model, version)
	if m.Dir == "" {
		_, err := io.WriteString(c.out, pages[parsed.Model.Name+".1"])
		return err
	}
	if err := os.MkdirAll(m.Dir, 0o755); err != nil { //nolint:gosec // manuals are for everybody
		return fmt.Errorf("make the folder: %w", err)
	}
	names := slices.Sorted(maps.Keys(pages))
	var problems []error
	for _, name := range names {
		//nolint:gosec // manuals are for everybody
		problems = append(problems, os.WriteFile(filepath.Join(m.Dir, name), []byte(pages[name]), 0o644))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("write the pages: %w", err)
	}
	return m.print(c, names, func(w io.Writer) { fmt.Fprintf(w, "Wrote %d pages into %s.\n", len(names), m.Dir) })
}

// manPages makes the page of every command, by file name.
func manPages(model *kong.Application, version string) map[string]string {
	pages := make(map[string]string)
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		pages[pageName(n)+".1"] = manPage(n, version)
		for _, child := range n.Children {
			if !child.Hidden {
				walk(child)
			}
		}
	}
	walk(model.Node)
	return pages
}

func pageName(n *kong.Node) string { return strings.ReplaceAll(n.FullPath(), " ", "-") }

func manPage(n *kong.Node, version string) string {
	var b strings.Builder
	title, rest := n.Help, ""
	if n.Parent == nil {
		title, rest, _ = strings.Cut(n.Help, "\n")
	}
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"tidings %s\" \"Tidings\"\n", quotedRoff(strings.ToUpper(pageName(n))), escapeRoff(version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escapeRoff(pageName(n)), escapeRoff(strings.TrimSuffix(title, ".")))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n%s\n", escapeRoff(n.FullPath()), escapeRoff(synopsisOf(n)))
	if text := strings.TrimSpace(rest + "\n\n" + n.Detail); text != "" {
		b.WriteString(".SH DESCRIPTION\n" + roffText(text))
	}
	for i, p := range n.Positional {
		if i == 0 {
			b.WriteString(".SH ARGUMENTS\n")
		}
		fmt.Fprintf(&b, ".TP\n.I %s\n%s\n", escapeRoff(p.Name), escapeRoff(p.Help))
	}
	for i, f := range n.Flags {
		if i == 0 {
			b.WriteString(".SH OPTIONS\n")
		}
		b.WriteString(roffFlag(f))
	}
	var related []string
	for i, child := range n.Children {
		if i == 0 {
			b.WriteString(".SH COMMANDS\n")
		}
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", escapeRoff(child.Name), escapeRoff(child.Help))
		related = append(related, pageName(child))
	}
	if n.Parent != nil {
		related = append([]string{pageName(n.Parent)}, related...)
	}
	if len(related) > 0 {
		b.WriteString(".SH SEE ALSO\n")
		for i, name := range related {
			fmt.Fprintf(&b, ".BR %s (1)%s\n", escapeRoff(name), map[bool]string{true: ","}[i < len(related)-1])
		}
	}
	return b.String()
}

// synopsisOf is what may follow the name of a command.
func synopsisOf(n *kong.Node) string {
	var parts []string
	for _, f := range n.Flags {
		if f.Required {
			parts = append(parts, f.Summary())
		}
	}
	parts = append(parts, "[flags]")
	for _, p := range n.Positional {
		parts = append(parts, p.Summary())
	}
	if len(n.Children) > 0 {
		parts = append(parts, "<command>")
	}
	return strings.Join(parts, " ")
}

func roffFlag(f *kong.Flag) string {
	name := `\fB` + escapeRoff("--"+f.Name) + `\fR`
	if !f.IsBool() {
		name += ` \fI` + escapeRoff(f.FormatPlaceHolder()) + `\fR`
	}
	text := f.Help
	if f.HasDefault && f.Default != "" {
		text += " Default: " + f.Default + "."
	}
	if len(f.Envs) > 0 {
		text += " Variable: " + strings.Join(f.Envs, ", ") + "."
	}
	return ".TP\n" + name + "\n" + escapeRoff(text) + "\n"
}

// roffText writes paragraphs, and what is indented as it stands.
func roffText(text string) string {
	var b strings.Builder
	verbatim := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if indented := strings.HasPrefix(line, "  "); line != "" && indented != verbatim {
			b.WriteString(map[bool]string{true: ".PP\n.nf\n", false: ".fi\n"}[indented])
			verbatim = indented
		}
		switch {
		case line == "" && !verbatim:
			b.WriteString(".PP\n")
		default:
			b.WriteString(escapeRoff(line) + "\n")
		}
	}
	if verbatim {
		b.WriteString(".fi\n")
	}
	return strings.ReplaceAll(b.String(), ".PP\n.PP\n", ".PP\n")
}

// escapeRoff makes a text mean itself in a line of roff: backslashes, hyphens of flags, and what begins a request.
func escapeRoff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

func quotedRoff(s string) string { return `"` + escapeRoff(s) + `"` }
