package main

import (
	"errors"
	"log/slog"

	"tidings/internal/app"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/telemetry"
)

// database is the flag of every command that works on a database, beside a server or without one.
type database struct {
	config.Database `embed:""`
	Project         string `default:"prj_default" placeholder:"ID" help:"Project to work in."`
}

// with opens the database, does something with the operations and closes it. What cfg does not say stays unset: only
// commands that commit or count events need its rules, and only those that print URLs its address.
func (d database) with(c *console, cfg config.Config, do func(*control.Control, control.Actor) error) error {
	cfg.Database = d.Database
	logger := telemetry.NewLogger(c.err, slog.LevelWarn, "text")
	ops, closeStore, err := app.Operations(c.ctx, app.Options{Config: cfg, Logger: logger})
	if err != nil {
		return err
	}
	err = do(ops, control.Actor{Project: d.Project, By: "cli", Door: "cli"})
	return errors.Join(err, closeStore())
}

// local is for commands that need nothing but the database.
func (d database) local(c *console, do func(*control.Control, control.Actor) error) error {
	return d.with(c, config.Config{}, do)
}
