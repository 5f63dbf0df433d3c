package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
)

type endpointUpdate struct {
	oneEndpoint  `embed:""`
	Name         *string `placeholder:"TEXT" help:"What it is called."`
	To           *string `name:"to" placeholder:"URL" help:"Where events go."`
	endpointWish `embed:""`
}

// Help is the long help.
func (*endpointUpdate) Help() string {
	return `What is not named stays as it is. Headers are given all together; one without a value keeps what it has.
Servers take a change up within some seconds.

  tidings endpoint update crm --event email.bounce --event email.complaint
  tidings endpoint update crm --per-second 20 --header Authorization=`
}

// Run changes an endpoint.
func (s *endpointUpdate) Run(c *console) error {
	e, err := s.edit(control.EndpointEdit{Name: s.Name, URL: s.To})
	if err != nil {
		return err
	}
	return s.changed(c, func(ops *control.Control, who control.Actor) (control.EndpointView, error) {
		return ops.UpdateEndpoint(c.ctx, who, s.ID, e)
	})
}

// changed does something with an endpoint and shows it.
func (s *oneEndpoint) changed(c *console, do func(*control.Control, control.Actor) (control.EndpointView, error)) error {
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		v, err := do(ops, who)
		if err != nil {
			return err
		}
		return s.printAPI(c, api.EndpointOf(&v), func(w io.Writer) { printEndpoint(w, &v, nil) })
	})
}

type endpointDelete struct {
	outlet `embed:""`
	ID     string `arg:"" help:"The endpoint's id (end_…) or name."`
}

// Help is the long help.
func (*endpointDelete) Help() string {
	return `With what is known of what it was sent. What waits is not sent.

  tidings endpoint delete crm`
}

// Run deletes an endpoint.
func (s *endpointDelete) Run(c *console) error {
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		if err := ops.DeleteEndpoint(c.ctx, who, s.ID); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s is deleted.\n", plain(s.ID))
		return nil
	})
}

type endpointTest struct {
	oneEndpoint `embed:""`
	ConfigFile  string `name:"config" placeholder:"FILE" type:"path" help:"JSON file of what only a file may set, as the server has it: networks of your own that may be reached."`
}

// Help is the long help.
func (*endpointTest) Help() string {
	return `Sends a signed event from this machine and shows what was answered. Where it is not taken the exit code is 1.

  tidings endpoint test crm`
}

// errEndpoint ends a test that found an endpoint that does not take events.
var errEndpoint = errors.New("the endpoint did not take the event")

// Run tries an endpoint.
func (s *endpointTest) Run(c *console) error {
	return s.do(c, s.ConfigFile, func(ops *control.Control, who control.Actor) error {
		trial, err := ops.TestEndpoint(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		view := api.EndpointTestOf(&trial)
		if err := s.printAPI(c, view, func(w io.Writer) { printEndpointTest(w, &view) }); err != nil {
			return err
		}
		if !view.OK {
			return errEndpoint
		}
		return nil
	})
}

func printEndpointTest(w io.Writer, t *api.EndpointTest) {
	if t.OK {
		fmt.Fprintf(w, "It took the event %s: %d in %d ms.\n", t.WebhookID, t.Status, t.TookMs)
	} else {
		fmt.Fprintf(w, "It did not take the event %s: %s, after %d ms.\n", t.WebhookID, plain(t.Problem), t.TookMs)
	}
	if t.Answer != "" {
		fmt.Fprintf(w, "It answered: %s\n", plain(t.Answer))
	}
}

type endpointRotate struct {
	oneEndpoint `embed:""`
	Overlap     time.Duration `default:"24h" placeholder:"TIME" help:"How long the old secret goes on to hold."`
	Secret      string        `placeholder:"whsec_…|@FILE" help:"Secret that the receiver has already, or @ and a file that holds it."`
}

// Help is the long help.
func (*endpointRotate) Help() string {
	return `Until the old secret ends requests have a signature by each. The new one is shown this once.

  tidings endpoint rotate crm
  tidings endpoint rotate crm --overlap 0s`
}

// Run rotates the secret of an endpoint.
func (s *endpointRotate) Run(c *console) error {
	secret, err := secretFlag(s.Secret)
	if err != nil {
		return err
	}
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		v, err := ops.RotateEndpoint(c.ctx, who, s.ID, secret, &s.Overlap)
		if err != nil {
			return err
		}
		view := api.EndpointOf(&v)
		return s.printAPI(c, view, func(w io.Writer) { printSecret(w, &view) })
	})
}

type endpointEnable struct {
	oneEndpoint `embed:""`
	FromNow     bool `help:"Without what came while it was disabled."`
}

// Help is the long help.
func (*endpointEnable) Help() string {
	return `It goes on where it stopped.

  tidings endpoint enable crm
  tidings endpoint enable crm --from-now`
}

// Run enables an endpoint.
func (s *endpointEnable) Run(c *console) error {
	from := control.FromWhereItStopped
	if s.FromNow {
		from = control.FromNow
	}
	return s.changed(c, func(ops *control.Control, who control.Actor) (control.EndpointView, error) {
		return ops.EnableEndpoint(c.ctx, who, s.ID, from)
	})
}

type endpointDisable struct {
	oneEndpoint `embed:""`
	Note        string `placeholder:"TEXT" help:"Why, for others."`
}

// Help is the long help.
func (*endpointDisable) Help() string {
	return `What comes meanwhile is not lost: it goes out when the endpoint is enabled.

  tidings endpoint disable crm --note "it moves house"`
}

// Run disables an endpoint.
func (s *endpointDisable) Run(c *console) error {
	return s.changed(c, func(ops *control.Control, who control.Actor) (control.EndpointView, error) {
		return ops.DisableEndpoint(c.ctx, who, s.ID, s.Note)
	})
}
