package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// RotateEndpoint gives an endpoint a new secret, or the one that is given. The old one goes on to hold for overlap, so that a
// receiver can be changed meanwhile: requests have a signature by each. The new secret is in the answer, and in no other one.
// overlap nil is 24 hours; zero ends the old one at once.
func (c *Control) RotateEndpoint(
	ctx context.Context, who Actor, idOrName string, secret *string, overlap *time.Duration,
) (EndpointView, error) {
	var p problems
	fresh := dispatch.Key{Secret: p.secret("secret", secret)}
	holds := defaultOverlap
	if overlap != nil {
		holds = *overlap
	}
	if holds < 0 || holds > maxOverlap {
		p.add("overlap", "must be 0s to %s, not %s", maxOverlap, holds)
	}
	if err := p.err(); err != nil {
		return EndpointView{}, err
	}
	now := c.Now().UTC()
	act := c.act(who, opRotateEndpoint, "", fmt.Sprintf("the old secret holds for %s", holds))
	v, err := c.changeEndpoint(ctx, who, idOrName, &act, func(_ *store.Endpoint, secrets *endpointSecrets) error {
		keys := []dispatch.Key{fresh}
		for _, k := range secrets.Keys {
			if until := now.Add(holds); k.Until.IsZero() || until.Before(k.Until) {
				k.Until = until
			}
			if now.Before(k.Until) {
				keys = append(keys, k)
			}
		}
		if len(keys) > maxKeys {
			return fault.New(fault.Conflict, "too_many_secrets", "%d old secrets hold still", len(keys)-1).
				WithHint("wait until they end, or rotate with overlap 0s")
		}
		secrets.Keys = keys
		return nil
	})
	if err == nil {
		v.Keys[0].Secret = fresh.Secret
	}
	return v, err
}

// ParseOverlap reads how long an old secret goes on to hold; nil where nothing is said.
func ParseOverlap(text *string) (*time.Duration, error) {
	if text == nil {
		return nil, nil
	}
	d, err := time.ParseDuration(*text)
	if err != nil {
		return nil, fault.BadField("overlap", "must be a duration such as 24h, not %.60q", *text)
	}
	return &d, nil
}

// Where an endpoint that was disabled goes on.
const (
	FromWhereItStopped = "stopped" // with all that came meanwhile
	FromNow            = "now"     // with what comes from now on
)

// EnableEndpoint lets an endpoint be told again, from where it stopped or from now on. One that is enabled is left as it is.
func (c *Control) EnableEndpoint(ctx context.Context, who Actor, idOrName, from string) (EndpointView, error) {
	var p problems
	p.oneOf("from", from, []string{"", FromWhereItStopped, FromNow})
	if err := p.err(); err != nil {
		return EndpointView{}, err
	}
	end, err := c.Store.End(ctx)
	if err != nil {
		return EndpointView{}, fmt.Errorf("find the end of the log: %w", err)
	}
	note := ""
	if from == FromNow {
		note = "from now on, without what came meanwhile"
	}
	act := c.act(who, opEnableEndpoint, "", note)
	return c.changeEndpoint(ctx, who, idOrName, &act, func(x *store.Endpoint, _ *endpointSecrets) error {
		if x.DisabledAt.IsZero() {
			return nil
		}
		x.DisabledAt, x.Disabled = time.Time{}, ""
		x.Health = dispatch.Health{LastSuccess: x.Health.LastSuccess, LastFailure: x.Health.LastFailure}
		if from == FromNow {
			x.At = dispatch.Position(end)
		}
		return nil
	})
}

// DisableEndpoint lets an endpoint be told no more. What comes meanwhile waits in the log, what is to be sent again waits, too.
func (c *Control) DisableEndpoint(ctx context.Context, who Actor, idOrName, note string) (EndpointView, error) {
	var p problems
	p.text("note", note, 0, maxNote)
	if err := p.err(); err != nil {
		return EndpointView{}, err
	}
	act := c.act(who, opDisableEndpoint, "", note)
	return c.changeEndpoint(ctx, who, idOrName, &act, func(x *store.Endpoint, _ *endpointSecrets) error {
		if x.DisabledAt.IsZero() {
			x.DisabledAt, x.Disabled = c.Now().UTC(), note
		}
		return nil
	})
}

// EndpointTrial is what came of a test event.
type EndpointTrial struct {
	ID          string // webhook-id
	ContentType string
	Body        []byte // what was sent
	dispatch.Outcome
	Took   time.Duration
	Answer []byte // the first KiB; whoever answered wrote it
}

// TestEndpoint sends a test event now, whether the endpoint is enabled or not, and tells what came of it. Nothing of it is
// stored but that it was tried.
func (c *Control) TestEndpoint(ctx context.Context, who Actor, idOrName string) (t EndpointTrial, err error) {
	x, err := c.storedEndpoint(ctx, who, idOrName)
	if err != nil {
		return t, err
	}
	if c.Outlets.Poster == nil || c.Outlets.Public == nil {
		return t, fault.New(fault.Unavailable, "no_poster", "this process sends nothing to endpoints")
	}
	if err := c.Outlets.Tests.take(x.ID, c.Now(), CodeRateLimited, "tests of this endpoint"); err != nil {
		return t, err
	}
	secrets, err := c.openEndpoint(&x)
	if err != nil {
		return t, err
	}
	compiled, wrong := dispatch.Compile(x.Definition, c.Outlets.Limits)
	if compiled == nil {
		return t, fault.New(fault.Conflict, "endpoint_problem", "%s %s", wrong[0].At, wrong[0].Says)
	}
	told, err := c.sample(ctx, who, compiled)
	if err != nil {
		return t, err
	}
	t.ID = told.ID
	if t.ContentType, t.Body, err = compiled.Body([]dispatch.Told{told}); err != nil {
		return t, err
	}
	if err := c.Store.Note(ctx, who.Project, c.act(who, opTestEndpoint, x.ID, "")); err != nil {
		return t, fmt.Errorf("note the test: %w", err)
	}
	began := time.Now()
	t.Outcome, t.Answer = c.Outlets.Poster.Post(ctx, &dispatch.Request{
		URL: compiled.URL, Headers: secrets.Headers, Secrets: dispatch.Valid(secrets.Keys, c.Now()), ID: t.ID, Try: 1,
		ContentType: t.ContentType, Body: t.Body,
	})
	t.Took = time.Since(began)
	return t, nil
}

// testEventPrefix begins the ids of test events, so that a receiver knows them.
const testEventPrefix = "test_"

// sample is an event that never was: a click of somebody at a domain that nobody has.
func (c *Control) sample(ctx context.Context, who Actor, x *dispatch.Endpoint) (told dispatch.Told, err error) {
	now := c.Now().UTC().Truncate(time.Millisecond)
	e := &event.Event{
		ID: event.NewID(now, who.Project, "test", rand.Text()), Name: event.EmailClick, OccurredAt: now, ReceivedAt: now,
		ProjectID: who.Project,
		Recipient: "test@example.com", ContactID: "con_test", Attribution: event.Exact,
		Message:    &event.Message{ID: "test-message", Subject: "A test of Tidings", Template: "test"},
		Click:      &event.Engagement{URL: "https://example.com/"},
		Automation: &event.Automation{Verdict: event.Human},
	}
	public, err := c.Outlets.Public(e)
	if err != nil {
		return told, fmt.Errorf("encode event: %w", err)
	}
	told = dispatch.Told{
		Event: e.ID, ID: auth.NewID(testEventPrefix), Name: string(e.Name), OccurredAt: now, Message: e.Message.ID, Public: public,
	}
	if x.Raw {
		told.Raw = json.RawMessage(`{"test":true}`)
	}
	if x.Format == dispatch.MailGlyph {
		told.Of, err = c.ofMailGlyph(ctx, who.Project, e)
	}
	return told, err
}

// EndpointFigures is how an endpoint does.
type EndpointFigures struct {
	Hours  []store.EndpointHour
	Counts store.EndpointCounts
	// Behind is the event that the endpoint is to be told of next, where that was stored more than a minute ago; zero: none.
	Behind time.Time
}

// EndpointFigures tells how an endpoint did in the last hours (1 to 720; 0 means 24), and what waits.
func (c *Control) EndpointFigures(ctx context.Context, who Actor, idOrName string, hours int) (f EndpointFigures, err error) {
	var p problems
	if hours < 0 || hours > 720 {
		p.add("hours", "must be 1 to 720, not %d", hours)
	}
	if err := p.err(); err != nil {
		return f, err
	}
	if hours == 0 {
		hours = 24
	}
	x, err := c.storedEndpoint(ctx, who, idOrName)
	if err != nil {
		return f, err
	}
	now := c.Now()
	since := now.Truncate(time.Hour).Add(-time.Duration(hours-1) * time.Hour)
	if f.Hours, f.Counts, err = c.Store.EndpointFigures(ctx, x.Ref, since); err != nil {
		return f, fmt.Errorf("figures of endpoint: %w", err)
	}
	next, err := c.Store.Follow(ctx, who.Project, store.Position(x.At), 1)
	if err != nil {
		return f, fmt.Errorf("follow the log: %w", err)
	}
	// Where nothing is for the endpoint its place is stored once a minute.
	if len(next) > 0 && now.Sub(next[0].Event.ReceivedAt) > 2*time.Minute {
		f.Behind = next[0].Event.ReceivedAt
	}
	return f, nil
}
