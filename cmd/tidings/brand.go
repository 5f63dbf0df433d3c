package main

import (
	"fmt"
	"io"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/store"
)

type brandCommand struct {
	Show brandShow `cmd:"" default:"withargs" help:"Show the brand."`
	Set  brandSet  `cmd:"" help:"Change the brand."`
}

type brandShow struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*brandShow) Help() string {
	return `The pages are those of forms, and those that the links of emails lead to: unsubscribing and preferences.

  tidings brand show
  tidings brand show --json`
}

// Run shows the brand.
func (s *brandShow) Run(c *console) error {
	return s.with(c, config.Config{}, func(ops *control.Control, who control.Actor) error {
		b, err := ops.Brand(c.ctx, who)
		if err != nil {
			return err
		}
		return printBrand(c, &s.printing, b)
	})
}

type brandSet struct {
	database `embed:""`
	printing `embed:""`
	Name     *string `placeholder:"TEXT" help:"Of whoever sends; empty takes it away."`
	Color    *string `placeholder:"#RRGGBB" help:"Of what is pressed; empty: as it comes."`
	LogoURL  *string `placeholder:"URL" help:"Where the logo is, by https; browsers load it from there. Empty takes it away."`
}

// Help is the long help.
func (*brandSet) Help() string {
	return `What is not named stays as it is. Letters on the color are black or white, whichever stands out.

  tidings brand set --name Acme --color '#1f4fd8' --logo-url https://acme.test/logo.png`
}

// Run changes the brand.
func (s *brandSet) Run(c *console) error {
	return s.with(c, config.Config{}, func(ops *control.Control, who control.Actor) error {
		b, err := ops.UpdateBrand(c.ctx, who, control.BrandEdit{Name: s.Name, Color: s.Color, LogoURL: s.LogoURL})
		if err != nil {
			return err
		}
		return printBrand(c, &s.printing, b)
	})
}

func printBrand(c *console, p *printing, b store.Brand) error {
	return p.printAPI(c, api.BrandOf(b), func(w io.Writer) {
		for _, x := range [...]struct{ label, text, none string }{
			{"name", b.Name, "none: pages name nobody"}, {"color", b.Color, "as it comes"}, {"logo", b.LogoURL, "none"},
		} {
			if x.text == "" {
				x.text = x.none
			}
			fmt.Fprintf(w, "%-6s %s\n", x.label, plain(x.text))
		}
	})
}
