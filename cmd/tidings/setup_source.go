package main

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/setup"
	"tidings/internal/source"
)

// setupSource is the source that is set up, by the operations that everybody has.
type setupSource struct {
	ops    *control.Control
	who    control.Actor
	since  time.Time // when the command began
	topic  string
	id     string // once it is there
	report control.TestReport
}

// find looks for the source: the one that was named, or that with the fixed path; nil: there is none yet.
func (s *setupSource) find(ctx context.Context, w setup.Wish) (*setup.Source, error) {
	list, err := s.ops.Sources(ctx, s.who)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if x.Provider == "ses" && (x.ID == w.SourceID || w.SourceID == "" && x.Path == w.SourcePath()) {
			s.id = x.ID
			return &setup.Source{
				ID: x.ID, Path: x.Path, Topics: x.Settings.Topics, Disabled: !x.DisabledAt.IsZero(),
				ConfirmByHand: x.Settings.ConfirmByHand, BasicAuth: len(x.Settings.BasicAuth) > 0,
			}, nil
		}
	}
	if w.SourceID != "" {
		return nil, fault.Missing("there is no source %.60q of ses", w.SourceID).WithHint("tidings source list has all")
	}
	return nil, nil //nolint:nilnil // nil is the documented "none yet"
}

// do makes a call of a plan that is an operation of ours.
func (s *setupSource) do(ctx context.Context, call setup.Call) error {
	switch call.Action {
	case "CreateSource":
		made, err := s.ops.CreateSource(ctx, s.who, control.NewSource{
			Name: call.Text("Name"), Provider: call.Text("Provider"), Path: call.Text("Path"),
			Settings: source.Settings{
				Topics: call.List("Settings.Topics"), RequireVersion2: call.Text("Settings.RequireVersion2") == "true",
			},
		})
		if err != nil {
			return err
		}
		s.id = made.ID
		return nil
	case "UpdateSource":
		ch := control.SourceChange{}
		if topics := call.List("Settings.Topics"); topics != nil {
			ch.Topics = &topics
		}
		if path := call.Text("Path"); path != "" {
			ch.Path = &path
		}
		_, err := s.ops.UpdateSource(ctx, s.who, call.Text("ID"), ch)
		return err
	case "EnableSource":
		_, err := s.ops.EnableSource(ctx, s.who, call.Text("ID"))
		return err
	}
	return fault.New(fault.Internal, "unknown_call", "nobody can make the call %s", call.Action)
}

// hindrance is what is known of why the subscription is not confirmed yet; empty: nothing.
func (s *setupSource) hindrance(ctx context.Context) string {
	list, err := s.ops.Confirmations(ctx, s.who, s.id)
	if err != nil {
		return ""
	}
	for _, x := range list {
		if x.Topic != s.topic || x.AskedAt.Before(s.since) || !x.ConfirmedAt.IsZero() {
			continue
		}
		if x.Problem != "" {
			return "SNS asked, and the server could not confirm: " + x.Problem
		}
		return fmt.Sprintf("SNS asked; tidings source confirm %s %s confirms it by hand", s.id, control.ConfirmationID(x))
	}
	health, err := s.ops.SourceHealth(ctx, s.who, s.id)
	if err != nil {
		return ""
	}
	for _, r := range health.Refusals {
		if r.LastAt.After(s.since) {
			return "a request to the source was refused: " + r.Code + ", " + r.LastMessage
		}
	}
	return ""
}

// test sends a signed sample through the source's real URL.
func (s *setupSource) test(ctx context.Context) (control.TestReport, error) {
	var err error
	s.report, err = s.ops.SelfTest(ctx, s.who, s.id)
	if err != nil {
		return s.report, fmt.Errorf("test the source: %w", err)
	}
	return s.report, nil
}
