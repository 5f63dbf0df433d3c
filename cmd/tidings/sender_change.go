package main

import (
	"errors"
	"fmt"
	"io"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
)

type senderUpdate struct {
	oneSender      `embed:""`
	Name           *string `placeholder:"TEXT" help:"What mail is told to go out by."`
	Off            *bool   `name:"off" negatable:"" help:"Let nothing go out by it; --no-off ends that."`
	senderSettings `embed:""`
}

// Help is the long help.
func (*senderUpdate) Help() string {
	return `What is not named stays as it is; an empty text removes a setting. Servers take a change up within a second.

  tidings sender update snr_01jq7z9f3v8k2m5n --password @new-password.txt --rate 20
  tidings sender update snr_01jq7z9f3v8k2m5n --dkim example.com/s2=new-key.pem
  tidings sender update snr_01jq7z9f3v8k2m5n --default
  tidings sender update snr_01jq7z9f3v8k2m5n --off`
}

// Run changes a sender.
func (s *senderUpdate) Run(c *console) error {
	e, err := s.edit(s.Name)
	if err != nil {
		return err
	}
	e.Disabled = s.Off
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.UpdateSender(c.ctx, who, s.ID, e)
		if err != nil {
			return err
		}
		return s.printAPI(c, viewSender(&x), func(w io.Writer) { printSender(w, &x) })
	})
}

type senderDelete struct {
	database `embed:""`
	ID       string `arg:"" help:"The sender's id (snr_…) or name."`
}

// Help is the long help.
func (*senderDelete) Help() string {
	return `What was to go out by it is not sent. The default sender goes last.

  tidings sender delete snr_01jq7z9f3v8k2m5n`
}

// Run deletes a sender.
func (s *senderDelete) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		if err := ops.DeleteSender(c.ctx, who, s.ID); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s is deleted.\n", plain(s.ID))
		return nil
	})
}

type senderTest struct {
	oneSender      `embed:""`
	config.Sending `embed:""`
	To             string `placeholder:"ADDRESS" help:"Send a test mail there; without it none is sent."`
	ConfigFile     string `name:"config" placeholder:"FILE" type:"path" help:"JSON file of what only a file may set, as the server has it: networks of your own that may be reached."`
}

// Help is the long help.
func (*senderTest) Help() string {
	return `Connects from this machine and says who it is. Where that does not work the exit code is 1.

  tidings sender test outbox
  tidings sender test outbox --to lea@example.com`
}

// errSender ends a test that found a sender that does not work.
var errSender = errors.New("the sender does not work")

// Run tries a sender.
func (s *senderTest) Run(c *console) error {
	cfg := config.Config{Sending: s.Sending, ConfigFile: s.ConfigFile}
	return s.with(c, cfg, func(ops *control.Control, who control.Actor) error {
		trial, err := ops.TestSender(c.ctx, who, s.ID, s.To)
		if err != nil {
			return err
		}
		if err := s.printAPI(c, api.SenderTestOf(&trial), func(w io.Writer) { printTrial(w, &trial) }); err != nil {
			return err
		}
		if !trial.OK {
			return errSender
		}
		return nil
	})
}

func printTrial(w io.Writer, t *control.SenderTrial) {
	word := map[bool]string{true: "It works", false: "It does not work"}[t.OK]
	fmt.Fprintf(w, "%s: %s.\n", word, plain(t.Detail))
	if t.MessageID != "" {
		fmt.Fprintf(w, "Its events will name the mail %s (%s).\n", plain(t.MessageID), t.Provider)
	}
	if t.Remedy != "" {
		fmt.Fprintf(w, "What to do: %s.\n", t.Remedy)
	}
}
