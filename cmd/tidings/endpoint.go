package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
)

type endpointCommand struct {
	Create     endpointCreate     `cmd:"" help:"Create an endpoint: a URL that wants events."`
	List       endpointList       `cmd:"" help:"List the endpoints and how they do."`
	Show       endpointShow       `cmd:"" help:"Show an endpoint, and what waits for it."`
	Update     endpointUpdate     `cmd:"" help:"Change an endpoint."`
	Delete     endpointDelete     `cmd:"" help:"Delete an endpoint."`
	Test       endpointTest       `cmd:"" help:"Send an endpoint a test event now."`
	Rotate     endpointRotate     `cmd:"" help:"Give an endpoint a new secret; the old one goes on to hold for a while."`
	Enable     endpointEnable     `cmd:"" help:"Let events go to an endpoint again."`
	Disable    endpointDisable    `cmd:"" help:"Let no events go to an endpoint; they wait."`
	Dispatches endpointDispatches `cmd:"" help:"List what was sent to endpoints, or waits."`
	Retry      endpointRetry      `cmd:"" help:"Send a dispatch again now."`
	Drop       endpointDrop       `cmd:"" help:"Do not try a dispatch any more."`
	Replay     endpointReplay     `cmd:"" help:"Send an endpoint events again."`
}

// outlet is the flags of every command on endpoints: their secrets are sealed.
type outlet struct {
	database       `embed:""`
	printing       `embed:""`
	config.Sealing `embed:""`
	config.Address `embed:""`
}

// do opens the database, as the server would for endpoints, and does something with the operations.
func (o *outlet) do(c *console, configFile string, do func(*control.Control, control.Actor) error) error {
	return o.with(c, config.Config{
		Address: o.Address, Endpoints: config.Endpoints{Sealing: o.Sealing}, ConfigFile: configFile,
	}, do)
}

// endpointWish are the flags of what an endpoint is.
type endpointWish struct {
	Event       []string          `placeholder:"NAME" help:"Events that go there: email.bounce, order.*; may be repeated. Without any: all."`
	On          string            `placeholder:"JSON" help:"Which events, with more than names: {\"event\":\"email.click\",\"link\":\"https://acme.test/*\"}."`
	If          string            `placeholder:"JSON" help:"Condition on the contact, as of segments; {}: it holds for everybody."`
	Format      *string           `placeholder:"FORM" help:"standard, cloudevents or mailglyph."`
	Raw         *bool             `negatable:"" help:"Let what the provider told go with each event."`
	Batch       *int              `placeholder:"N" help:"Events in a request, 2 to 500; 0: one."`
	Header      map[string]string `placeholder:"NAME=VALUE" help:"Header that goes with each request; may be repeated. Values are not shown again."`
	Concurrency *int              `placeholder:"N" help:"Requests under way at once; 8 where none is said."`
	PerSecond   *float64          `placeholder:"N" help:"Requests in a second at most; 0 is no bound."`
	Ordered     *bool             `negatable:"" help:"Let the events of one email wait for each other."`
	For         *string           `placeholder:"TIME" help:"How long an event is tried again; 72h where nothing is said."`
}

func (w *endpointWish) edit(e control.EndpointEdit) (control.EndpointEdit, error) {
	if w.On != "" && len(w.Event) > 0 {
		return e, usageError{errors.New("--on has the names, too: give it or --event")}
	}
	if w.On != "" {
		e.On = []byte(w.On)
	}
	if len(w.Event) > 0 {
		on, err := json.Marshal(map[string][]string{"event": w.Event})
		if err != nil {
			return e, err
		}
		e.On = on
	}
	if w.If != "" {
		e.If = []byte(w.If)
	}
	if w.Batch != nil {
		e.Batch = &control.EndpointBatch{Max: *w.Batch}
	}
	if w.Header != nil {
		e.Headers = &w.Header
	}
	e.Format, e.Raw, e.Concurrency, e.PerSecond, e.Ordered, e.For = w.Format, w.Raw, w.Concurrency, w.PerSecond, w.Ordered, w.For
	return e, nil
}

type endpointCreate struct {
	outlet       `embed:""`
	Name         string `required:"" placeholder:"TEXT" help:"What it is called."`
	To           string `required:"" name:"to" placeholder:"URL" help:"Where events go."`
	Secret       string `placeholder:"whsec_…|@FILE" help:"Secret that the receiver has already, or @ and a file that holds it; without it a new one is made."`
	endpointWish `embed:""`
}

// Help is the long help.
func (*endpointCreate) Help() string {
	return `It gets what is stored from now on. The secret that requests are signed with is shown this once.
docs/endpoints.md tells more.

  tidings endpoint create --name hooks --to https://example.com/hooks --event email.bounce --event email.complaint
  tidings endpoint create --name archive --to https://example.com/archive --batch 100 --format cloudevents --json`
}

// Run creates an endpoint.
func (s *endpointCreate) Run(c *console) error {
	e, err := s.edit(control.EndpointEdit{Name: &s.Name, URL: &s.To})
	if err != nil {
		return err
	}
	if e.Secret, err = secretFlag(s.Secret); err != nil {
		return err
	}
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		v, err := ops.CreateEndpoint(c.ctx, who, e)
		if err != nil {
			return err
		}
		view := api.EndpointOf(&v)
		return s.printAPI(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "%s is the endpoint %q. Try it: tidings endpoint test %s\n", view.ID, plain(view.Name), view.ID)
			printSecret(w, &view)
		})
	})
}

func printSecret(w io.Writer, view *api.Endpoint) {
	fmt.Fprintf(w, "Requests are signed with this secret, which is shown this once:\n  %s\n", view.Secret)
}

type endpointList struct {
	outlet `embed:""`
}

// Help is the long help.
func (*endpointList) Help() string {
	return `  tidings endpoint list
  tidings endpoint list --json`
}

// Run lists the endpoints.
func (s *endpointList) Run(c *console) error {
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		list, err := ops.Endpoints(c.ctx, who)
		if err != nil {
			return err
		}
		view := api.EndpointListOf(list)
		return s.printAPI(c, view, func(w io.Writer) {
			if len(list) == 0 {
				fmt.Fprintln(w, "There are no endpoints. Make one: tidings endpoint create --help")
				return
			}
			rows := make([][]string, len(list))
			for i := range view.Endpoints {
				x := &view.Endpoints[i]
				rows[i] = []string{x.ID, x.Name, x.URL, strings.Join(list[i].On.Event, " "), x.Health.State, x.Health.Problem}
			}
			table(w, []string{"id", "name", "leads to", "wants", "state", "problem"}, rows)
		})
	})
}

// oneEndpoint names an endpoint.
type oneEndpoint struct {
	outlet `embed:""`
	ID     string `arg:"" help:"The endpoint's id (end_…) or name."`
}

type endpointShow struct {
	oneEndpoint `embed:""`
}

// Help is the long help.
func (*endpointShow) Help() string {
	return `Secrets are not shown. The figures are those of the last 24 hours.

  tidings endpoint show crm`
}

// Run shows an endpoint.
func (s *endpointShow) Run(c *console) error {
	return s.do(c, "", func(ops *control.Control, who control.Actor) error {
		v, err := ops.Endpoint(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		f, err := ops.EndpointFigures(c.ctx, who, v.ID, 0)
		if err != nil {
			return err
		}
		return s.printAPI(c, api.EndpointOf(&v), func(w io.Writer) { printEndpoint(w, &v, &f) })
	})
}

func printEndpoint(w io.Writer, v *control.EndpointView, f *control.EndpointFigures) {
	x := api.EndpointOf(v)
	rows := [][2]string{
		{"id", x.ID},
		{"name", x.Name},
		{"leads to", x.URL},
		{"wants", strings.Join(v.On.Event, " ")},
		{"form", x.Format},
		{"headers", strings.Join(x.Headers, ", ")},
		{"requests at once", strconv.Itoa(x.Concurrency)},
		{"a second", rateOf(x.PerSecond)},
		{"tried again for", x.For},
		{"state", x.Health.State},
		{"disabled since", moment(x.DisabledAt)},
		{"why", x.Disabled},
		{"problem", x.Health.Problem},
		{"failing since", moment(x.Health.Failing)},
		{"asked again", moment(x.Health.Until)},
	}
	if f != nil {
		var sum api.EndpointHour
		for _, h := range api.EndpointFiguresOf(f).Hours {
			sum.Delivered, sum.Failed = sum.Delivered+h.Delivered, sum.Failed+h.Failed
		}
		rows = append(rows,
			[2]string{"taken", strconv.FormatInt(sum.Delivered, 10)}, [2]string{"not taken", strconv.FormatInt(sum.Failed, 10)},
			[2]string{"waiting", strconv.FormatInt(f.Counts.Waiting, 10)}, [2]string{"given up", strconv.FormatInt(f.Counts.Dead, 10)},
			[2]string{"behind since", moment(f.Behind)})
	}
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(w, "%-18s%s\n", row[0]+":", plain(row[1]))
		}
	}
	for _, p := range x.Problems {
		fmt.Fprintf(w, "Problem: %s %s\n", plain(p.At), plain(p.Message))
	}
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
