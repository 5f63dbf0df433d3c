package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"tidings/internal/app"
	"tidings/internal/config"
	"tidings/internal/control"
)

type configCommand struct {
	Print   configPrint   `cmd:"" help:"Print the settings that serve would have, and where each comes from."`
	Check   configCheck   `cmd:"" help:"Say what is wrong with the settings, and what to do."`
	Default configDefault `cmd:"" help:"Print a commented file of all settings and their defaults."`
}

type configPrint struct {
	config.Config `embed:""`
	printing      `embed:""`
}

// Help is the long help.
func (*configPrint) Help() string {
	return `Give it the flags and the environment that serve gets. Passwords are not shown.

  tidings config print
  tidings config print --db data/tidings.db --json`
}

// settingView is a setting as it is printed.
type settingView struct {
	Name     string `json:"name"`
	Variable string `json:"variable"`
	Value    string `json:"value"`
	From     string `json:"from"` // default, environment, flag

	about string
}

// Run prints the settings.
func (p *configPrint) Run(c *console, parsed *kong.Context) error {
	views := effective(parsed)
	return p.print(c, views, func(w io.Writer) {
		rows := make([][]string, 0, len(views))
		for _, v := range views {
			rows = append(rows, []string{"--" + v.Name, v.Value, v.From, v.Variable})
		}
		table(w, []string{"setting", "value", "from", "variable"}, rows)
	})
}

// effective lists what the settings of the server came to.
func effective(parsed *kong.Context) []settingView {
	given := make(map[string]bool)
	for _, p := range parsed.Path {
		if p.Flag != nil {
			given[p.Flag.Name] = true
		}
	}
	var views []settingView
	for _, f := range settings(parsed.Selected()) {
		if !isSetting(parsed.Model, f.Name) {
			continue
		}
		v := settingView{Name: f.Name, Variable: f.Envs[0], Value: shown(parsed.FlagValue(f)), From: "default", about: f.Help}
		for _, name := range f.Envs {
			if _, set := os.LookupEnv(name); set {
				v.From = "environment"
			}
		}
		if given[f.Name] {
			v.From = "flag"
		}
		views = append(views, v)
	}
	return views
}

// serverSettings is the same for whoever asks the server.
func serverSettings(parsed *kong.Context) []control.Setting {
	var list []control.Setting
	for _, v := range effective(parsed) {
		list = append(list, control.Setting{Name: v.Name, Variable: v.Variable, Value: v.Value, From: v.From, About: v.about})
	}
	return list
}

// isSetting reports whether serve has a flag: --json is only about printing.
func isSetting(model *kong.Application, name string) bool {
	return slices.ContainsFunc(serveNode(model).Flags, func(f *kong.Flag) bool { return f.Name == name })
}

// shown writes a setting as it may be given, without passwords.
func shown(value any) string {
	if names, ok := value.(map[string]config.Duration); ok {
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(names)) {
			pairs = append(pairs, name+"="+names[name].String())
		}
		return strings.Join(pairs, ";")
	}
	text := fmt.Sprint(value)
	if u, err := url.Parse(text); err == nil && u.User != nil {
		return u.Redacted()
	}
	return text
}

type configCheck struct {
	config.Config `embed:""`
	printing      `embed:""`
}

// Help is the long help.
func (*configCheck) Help() string {
	return `Reads flags, environment and the files they name like serve does, without opening the database or the port. Ends with
code 2 where something is wrong; a systemd unit may run it before the server.

  tidings config check
  tidings config check --public-url https://tidings.example.com --json`
}

// Run checks the settings. What the flags themselves tell was checked when they were read.
func (k *configCheck) Run(c *console) error {
	if err := app.Check(k.Config); err != nil {
		return usageError{errors.Join(err, errors.New("the settings are wrong: see tidings serve --help"))}
	}
	return k.print(c, map[string]bool{"ok": true}, func(w io.Writer) { fmt.Fprintln(w, "The settings are good.") })
}

type configDefault struct{}

// Help is the long help.
func (*configDefault) Help() string {
	return `The file can be the EnvironmentFile of a systemd unit.

  tidings config default`
}

// Run prints the file.
func (*configDefault) Run(c *console, parsed *kong.Context) error {
	fmt.Fprint(c.out, settingsFile(parsed.Model))
	return nil
}
