package main

import (
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/alecthomas/kong"

	"tidings/internal/app"
	"tidings/internal/config"
	"tidings/internal/telemetry"
)

type serveCommand struct {
	config.Config `embed:""`
	Demo          demo   `embed:"" prefix:"demo-"`
	CPUProfile    string `name:"cpu-profile" placeholder:"FILE" type:"path" help:"Write a processor profile until the end, for go tool pprof."`
}

// Help is the long help.
func (*serveCommand) Help() string {
	return `Takes in events at BASE-PATH/{provider}/{token}, and answers questions at / (OpenAPI at /openapi.json). A SIGTERM or
Ctrl-C finishes what was begun and stops.

  tidings serve
  tidings serve --db postgres://tidings@db.example.com/tidings --listen :8080 --public-url https://tidings.example.com
  tidings serve --demo-rate 20   # with a source of its own and simulated mail: nothing to set up`
}

// Run serves until it is told to stop.
func (s *serveCommand) Run(c *console, parsed *kong.Context) error {
	if s.CPUProfile != "" {
		f, err := os.Create(s.CPUProfile)
		if err != nil {
			return fmt.Errorf("write --cpu-profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("write --cpu-profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	logger := telemetry.NewLogger(c.err, s.Level(), s.LogFormat)
	server, err := app.New(c.ctx, app.Options{
		Config: s.Config, Version: version, Logger: logger, Settings: serverSettings(parsed),
	})
	if err != nil {
		return err
	}
	if s.Demo.Rate > 0 {
		return s.Demo.run(c, server)
	}
	return server.Run(c.ctx)
}
