package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/event"
	"tidings/internal/fault"
)

type tailCommand struct {
	printing   `embed:""`
	URL        string `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Server to watch."`
	Key        string `required:"" placeholder:"KEY" help:"A secret key, or one with the scope events:read."`
	eventMatch `embed:""`
	After      string `placeholder:"ID" help:"Go on after this id of the feed, as --json prints it."`
	Count      int    `placeholder:"N" help:"Stop after so many events."`
	NoColor    bool   `env:"TIDINGS_NO_COLOR,NO_COLOR" help:"Print no colours. They are only for terminals anyway."`
}

// Help is the long help.
func (*tailCommand) Help() string {
	return `Prints events as they come in, until it is stopped. A connection that breaks is made again, and goes on where it
ended. With --json each line is {"id": place in the feed, "event": as GET /events has it}.

  tidings tail --key sk_…
  tidings tail --key sk_… --name bounced --name complained
  tidings tail --key sk_… --json --count 100 > events.ndjson`
}

// Run prints the feed.
func (t *tailCommand) Run(c *console) error {
	f := &follower{tailCommand: t, console: c, last: t.After, color: !t.NoColor && isTerminal(c.out)}
	for {
		err := f.connect()
		if c.ctx.Err() != nil || errors.Is(err, errTailed) {
			return nil //nolint:nilerr // it was told to stop
		}
		if !errors.Is(err, errAgain) {
			return err
		}
		fmt.Fprintf(c.err, "tidings: %v; connecting again\n", err)
		select {
		case <-time.After(tailAgain):
		case <-c.ctx.Done():
			return nil
		}
	}
}

var (
	errTailed = errors.New("enough events were printed")
	// errAgain marks what may be better the next time.
	errAgain = errors.New("the connection ended")
)

const (
	tailAgain = 2 * time.Second
	// tailSilence is after how long without even a heartbeat the connection is taken for dead.
	tailSilence = time.Minute
)

// follower is one run of tail.
type follower struct {
	*tailCommand
	*console
	last    string // id of the newest event
	printed int
	color   bool
}

func (f *follower) address() string {
	q := url.Values{"name": f.Name}
	for name, value := range map[string]string{
		"contact": f.Contact, "message": f.Message, "template": f.Template, "workflow": f.Workflow, "source": f.Source,
		"provider": f.Provider, "tag": f.Tag, "senderDomain": f.SenderDomain, "account": f.Account, "bus": f.Bus, "app": f.App,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return strings.TrimSuffix(f.URL, "/") + "/feed?" + q.Encode()
}

// connect reads the feed until the connection ends.
func (f *follower) connect() error {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	silence := time.AfterFunc(tailSilence, cancel)
	defer silence.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.address(), http.NoBody)
	if err != nil {
		return usageError{fmt.Errorf("--url: %w", err)}
	}
	req.Header.Set("Authorization", "Bearer "+f.Key)
	if f.last != "" {
		req.Header.Set("Last-Event-ID", f.last)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errAgain, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return refusalOf(res)
	}
	return f.read(res.Body, func() { silence.Reset(tailSilence) })
}

// refusals are the kinds of the API's answers that no other try makes better.
var refusals = map[int]fault.Kind{
	http.StatusBadRequest: fault.Invalid, http.StatusUnauthorized: fault.Unauthenticated,
	http.StatusForbidden: fault.Forbidden, http.StatusNotFound: fault.NotFound, http.StatusUnprocessableEntity: fault.Invalid,
}

// refusalOf turns a problem of the API into an error that says the same.
func refusalOf(res *http.Response) error {
	var p struct {
		Detail string `json:"detail"`
		Hint   string `json:"hint"`
	}
	_ = json.UnmarshalRead(io.LimitReader(res.Body, 1<<16), &p) // a proxy answers in its own words
	if p.Detail == "" {
		p.Detail = "the server answered " + res.Status
	}
	kind, final := refusals[res.StatusCode]
	if !final {
		return fmt.Errorf("%w: %s", errAgain, p.Detail)
	}
	e := fault.New(kind, "refused", "%s", p.Detail)
	if p.Hint != "" {
		e = e.WithHint("%s", p.Hint)
	}
	return e
}

// maxLine is how long a line of the feed may be: an event holds at most some hundred kilobytes.
const maxLine = 16 << 20

// read takes server-sent events apart: https://html.spec.whatwg.org/multipage/server-sent-events.html
func (f *follower) read(stream io.Reader, alive func()) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxLine)
	var name, data string
	for lines.Scan() {
		alive()
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if err := f.told(name, data); err != nil {
				return err
			}
			name, data = "", ""
		case field == "id":
			f.last = value
		case field == "event":
			name = value
		case field == "data":
			data = value
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: %w", errAgain, err)
	}
	return errAgain
}

// told prints what one server-sent event says.
func (f *follower) told(name, data string) error {
	switch name {
	case "lost":
		fmt.Fprintf(f.err, "tidings: events may be missing here: %s\n", data)
		return nil
	case "end":
		return endedBy(data)
	case "event":
	default:
		return nil
	}
	if err := f.show(data); err != nil {
		return err
	}
	if f.printed++; f.printed == f.Count {
		return errTailed
	}
	return nil
}

// endedBy is why the server ended the connection.
func endedBy(data string) error {
	var end struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal([]byte(data), &end); err != nil || end.Reason == "" {
		return errAgain
	}
	return fmt.Errorf("%w: %s", errAgain, plain(end.Reason))
}

func (f *follower) show(data string) error {
	if f.JSON {
		_, err := fmt.Fprintf(f.out, `{"id":%q,"event":%s}`+"\n", f.last, data)
		return err
	}
	var e event.Event
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return fmt.Errorf("read an event of the feed: %w", err)
	}
	template := ""
	if e.Message != nil {
		template = e.Message.Template
	}
	_, err := fmt.Fprintf(f.out, "%s  %s  %-34s  %-26s  %s\n", when(e.OccurredAt), f.painted(e.Name),
		plain(e.Recipient), plain(template), plain(summaryOf(&e)))
	return err
}

// nameColors are the colours of names in a terminal, by ANSI's numbers; the rest has none.
var nameColors = map[event.Name]int{
	event.EmailDelivery: 32, event.EmailOpen: 34, event.EmailClick: 35, event.EmailDelay: 33, event.EmailBounce: 31,
	event.EmailComplaint: 31, event.EmailReject: 31, event.EmailFailure: 31, event.EmailUnsubscribe: 33,
}

func (f *follower) painted(name event.Name) string {
	padded := fmt.Sprintf("%-17s", plain(string(name)))
	if color := nameColors[name]; f.color && color != 0 {
		return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, padded)
	}
	return padded
}
