package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/setup"
	"tidings/internal/setup/cloud"
)

type setupCommand struct {
	SES setupSES `cmd:"" name:"ses" help:"Make topic, queue, subscription, configuration set and source for Amazon SES; find drift."`
}

type setupSES struct {
	database         `embed:""`
	printing         `embed:""`
	Region           string          `required:"" placeholder:"REGION" help:"AWS region that mail is sent from."`
	URL              string          `required:"" env:"TIDINGS_URL,TIDINGS_PUBLIC_URL" placeholder:"URL" help:"How SNS reaches the server: https://mail.example.com."`
	BasePath         string          `default:"/in" placeholder:"PATH" help:"The server's --base-path."`
	Name             string          `default:"tidings" placeholder:"WORD" help:"Name of what is made: topic, queue, event destination, fixed path of the source."`
	ConfigurationSet string          `placeholder:"NAME" help:"Configuration set to make or to add to. Default: as --name."`
	Events           []string        `placeholder:"KIND" help:"Kinds of events to publish. Several with commas, or repeated. Default: all ten."`
	TrackingDomain   string          `placeholder:"DOMAIN" help:"Your domain for the links and pixels of clicks and opens. Default: as it is."`
	Identity         []string        `sep:"none" placeholder:"NAME" help:"Domain or address that is to use the configuration set by default; may be repeated."`
	Replace          bool            `help:"Also for identities that use another configuration set by default."`
	Source           string          `placeholder:"ID" help:"Source to use (src_…). Default: the one made for --name and --region."`
	Wait             config.Duration `default:"2m" placeholder:"TIME" help:"How long SNS's subscription may take to be confirmed."`
	Plan             bool            `xor:"mode" help:"Print every call that would be made, and make none."`
	Check            bool            `xor:"mode" help:"Compare what is there with what should be, and change nothing. Exit code 4 where it differs."`
}

// errDrift is the answer of a check that found differences. They were told already.
var errDrift = errors.New("what is set up differs from what should be")

// Help is the long help.
func (*setupSES) Help() string {
	return `Makes everything that Amazon SES needs to tell this server of every email: a source in the server's database, an SNS
topic with SHA-256 signatures, a dead-letter queue, an HTTPS subscription with retries for an hour, a configuration set with
an event destination, and that set as the default of your identities, so that what sends your mail stays as it is. At last a
signed sample goes through the source's real URL. The server must run: it confirms the subscription.

It reads first and changes only what differs: run it as often as you like. Where it stops in the middle, run it again.

Credentials, profiles and endpoints are AWS's own: AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL. The permissions that it
takes, and how to remove all of it, are in docs/providers/ses.md.

Kinds of events: send, reject, bounce, complaint, delivery, open, click, rendering-failure, delivery-delay, subscription.

  tidings setup ses --region eu-west-1 --url https://tidings.example.com --plan
  tidings setup ses --region eu-west-1 --url https://tidings.example.com --identity example.com
  tidings setup ses --region eu-west-1 --url https://tidings.example.com --identity example.com --check`
}

func (s *setupSES) wish() (setup.Wish, error) {
	w, err := setup.Wish{
		Region: s.Region, URL: s.URL, BasePath: s.BasePath, Name: s.Name, ConfigurationSet: s.ConfigurationSet, Events: s.Events,
		TrackingDomain: s.TrackingDomain, Identities: s.Identity, SourceID: s.Source, Replace: s.Replace,
	}.Complete()
	if err != nil {
		return w, usageError{err}
	}
	return w, nil
}

// Run sets up Amazon SES, or says what that would take.
func (s *setupSES) Run(c *console) error {
	w, err := s.wish()
	if err != nil {
		return err
	}
	aws, err := cloud.Open(c.ctx, s.Region)
	if err != nil {
		return err
	}
	address := config.Address{PublicURL: w.URL, BasePath: w.BasePath}
	return s.with(c, config.Config{Address: address}, func(ops *control.Control, who control.Actor) error {
		return s.do(c, w, aws, &setupSource{ops: ops, who: who, since: time.Now()})
	})
}

func (s *setupSES) do(c *console, w setup.Wish, aws *cloud.Cloud, src *setupSource) error {
	report, plan, err := s.look(c.ctx, w, aws, src)
	if err != nil {
		return err
	}
	switch {
	case s.Plan:
		return s.print(c, report, func(out io.Writer) { printPlan(out, report) })
	case s.Check:
		report.OK = plan.Drift() == 0
		if err := s.print(c, report, func(out io.Writer) { printCheck(out, report) }); err != nil {
			return err
		}
		if !report.OK {
			return errDrift
		}
		return nil
	}
	return s.make(c, report, plan, aws, src)
}

// look reads what is there and compares. Without credentials a plan is that for an account where nothing is.
func (s *setupSES) look(ctx context.Context, w setup.Wish, aws *cloud.Cloud, src *setupSource) (*setupReport, setup.Plan, error) {
	caller, err := aws.Caller(ctx)
	blind := s.Plan && fault.Is(err, fault.Unauthenticated)
	if err != nil && !blind {
		return nil, setup.Plan{}, err
	}
	if blind {
		caller = cloud.Caller{Partition: cloud.PartitionOf(w.Region), Account: "ACCOUNT"}
	}
	w.Partition, w.Account = caller.Partition, caller.Account
	found := setup.Found{}
	if found.Source, err = src.find(ctx, w); err != nil {
		return nil, setup.Plan{}, err
	}
	if !blind {
		if found, err = aws.Find(ctx, w, found.Source); err != nil {
			return nil, setup.Plan{}, fmt.Errorf("look at what is there: %w", err)
		}
	}
	if blind {
		for _, name := range w.Identities {
			found.Identities = append(found.Identities, setup.Identity{Name: name})
		}
	}
	plan := setup.Make(w, found)
	src.topic = w.TopicARN()
	report := newSetupReport(s.mode(), w, caller, plan)
	report.Blind = blind
	return report, plan, nil
}

func (s *setupSES) mode() string {
	switch {
	case s.Plan:
		return "plan"
	case s.Check:
		return "check"
	}
	return "run"
}

// make makes the calls, then tests the source.
func (s *setupSES) make(c *console, report *setupReport, plan setup.Plan, aws *cloud.Cloud, src *setupSource) error {
	tell := func(p setup.Progress) { report.note(p) }
	if !s.JSON {
		printHead(c.out, report)
		tell = func(p setup.Progress) { report.note(p); printProgress(c.out, p) }
	}
	failure := setup.Runner{
		Do: func(ctx context.Context, call setup.Call) error {
			if call.Service == "tidings" {
				return src.do(ctx, call)
			}
			return aws.Do(ctx, call)
		},
		Confirmed: aws.Confirmed, Hindrance: src.hindrance, Wait: s.Wait.Std(), Tell: tell, Pause: pause,
	}.Run(c.ctx, plan)
	if failure == nil || c.ctx.Err() == nil && report.stopped(setup.StepSubscription) {
		test, err := src.test(c.ctx)
		if err != nil {
			return errors.Join(failure, err)
		}
		report.test(test)
	}
	report.OK = failure == nil && report.Test.OK
	if failure != nil {
		report.Error = failure.Error()
	}
	err := s.print(c, report, func(out io.Writer) { printMade(out, report, src.report) })
	switch {
	case failure != nil || err != nil:
		return errors.Join(failure, err)
	case !report.OK:
		return errTestFailed
	}
	return nil
}

// pause waits, until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// setupReport is what is printed.
type setupReport struct {
	Mode             string          `json:"mode"` // plan, check or run
	OK               bool            `json:"ok"`   // nothing differs any more, and the test worked
	Region           string          `json:"region"`
	Account          string          `json:"account"`
	Caller           string          `json:"caller,omitempty"` // whose credentials were used
	Blind            bool            `json:"blind,omitzero"`   // there were none: nothing was read
	Endpoint         string          `json:"endpoint"`         // the URL that SNS posts to
	Topic            string          `json:"topic"`
	Queue            string          `json:"queue"`
	ConfigurationSet string          `json:"configurationSet"`
	Steps            []*setupStep    `json:"steps"`
	Notes            []string        `json:"notes,omitempty"`
	Test             *api.SourceTest `json:"test,omitempty"`
	Error            string          `json:"error,omitempty"`
}

type setupStep struct {
	ID          string             `json:"id"`
	Title       string             `json:"title"`
	Name        string             `json:"name"`
	State       setup.State        `json:"state"`
	Note        string             `json:"note,omitempty"`
	Differences []setup.Difference `json:"differences,omitempty"`
	Calls       []setupCall        `json:"calls,omitempty"`
}

type setupCall struct {
	Service   string         `json:"service"`
	Action    string         `json:"action"`
	Arguments map[string]any `json:"arguments"`
	args      []setup.Arg
}

func newSetupReport(mode string, w setup.Wish, caller cloud.Caller, plan setup.Plan) *setupReport {
	r := &setupReport{
		Mode: mode, Region: w.Region, Account: caller.Account, Caller: caller.ARN, Endpoint: plan.Endpoint, Topic: w.TopicARN(),
		Queue: w.QueueARN(), ConfigurationSet: w.ConfigurationSet, Notes: plan.Notes,
	}
	for _, s := range plan.Steps {
		view := &setupStep{ID: s.ID, Title: s.Title, Name: s.Name, State: setup.Differs, Differences: s.Differences}
		switch {
		case s.Blocked != "":
			view.State = setup.Blocked
		case len(s.Differences) == 0:
			view.State = setup.Same
		}
		for _, call := range s.Calls {
			one := setupCall{Service: call.Service, Action: call.Action, Arguments: map[string]any{}, args: call.Args}
			for _, a := range call.Args {
				if one.Arguments[a.Name] = a.Text; a.List != nil {
					one.Arguments[a.Name] = a.List
				}
			}
			view.Calls = append(view.Calls, one)
		}
		r.Steps = append(r.Steps, view)
	}
	return r
}

// note keeps what became of a step.
func (r *setupReport) note(p setup.Progress) {
	for _, s := range r.Steps {
		if s.ID == p.Step.ID && p.State != "" {
			s.State, s.Note = p.State, p.Note
		}
	}
}

// stopped tells whether a step failed.
func (r *setupReport) stopped(id string) bool {
	for _, s := range r.Steps {
		if s.ID == id && s.State == setup.Failed {
			return true
		}
	}
	return false
}

func (r *setupReport) test(t control.TestReport) {
	view := api.SourceTestOf(&t)
	r.Test = &view
}
