package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/http/httpguts"

	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/liquid"
	"tidings/internal/netguard"
	"tidings/internal/store"
	"tidings/internal/template"
	"tidings/internal/workflow"
)

// The bounds of a call of a webhook.
const (
	callTimeout   = 10 * time.Second
	maxRedirects  = 5
	maxAnswer     = 64 << 10
	maxRetryAfter = 24 * time.Hour
	answerShown   = 200 // characters of what a failed call was answered with
)

// Caller calls the webhooks of workflows. It is safe for concurrent use.
type Caller struct {
	client    *http.Client
	userAgent string
}

// NewCaller makes a caller whose connections are guarded, each redirect's like the first.
func NewCaller(guard *netguard.Guard, version string) *Caller {
	client := guard.Client(callTimeout).HTTP
	client.CheckRedirect = redirect
	return &Caller{client: client, userAgent: "Tidings/" + version}
}

// redirect follows a few redirects that keep the scheme. What the definition tells one host in headers is not told to another.
func redirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > maxRedirects:
		return fault.New(fault.Forbidden, "too_many_redirects", "it leads on more than %d times", maxRedirects)
	case next.URL.Scheme != first.URL.Scheme:
		return fault.New(fault.Forbidden, "scheme_changed", "it leads from %s to %s", first.URL.Scheme, next.URL.Scheme)
	case next.URL.Host != first.URL.Host:
		for name := range next.Header {
			if !headersForAll[name] {
				next.Header.Del(name)
			}
		}
	}
	return nil
}

// headersForAll are those that every host may see.
var headersForAll = map[string]bool{"Content-Type": true, "User-Agent": true, "Idempotency-Key": true}

// CallWebhook calls the webhook of a step, which a store.RunCall names, and lets the run go on. A run that is elsewhere by
// now is left.
func (c *Control) CallWebhook(ctx context.Context, payload []byte) error {
	var asked store.RunCall
	if err := json.Unmarshal(payload, &asked); err != nil {
		return fmt.Errorf("read the call of a webhook: %w", err)
	}
	run, _, err := c.Store.Run(ctx, asked.Project, asked.Run)
	if fault.Is(err, fault.NotFound) {
		return nil // the workflow was deleted
	}
	if err != nil {
		return fmt.Errorf("find run: %w", err)
	}
	if run.Status != workflow.Running || run.Visit != asked.Visit {
		return nil
	}
	b, err := c.newRunBatch(ctx, asked.Project)
	if err != nil {
		return err
	}
	in, err := b.call(ctx, &run)
	if err != nil {
		return err
	}
	b.now = c.Now().UTC() // the call took its time
	if err := b.step(ctx, &run, in); err != nil {
		return err
	}
	return b.save(ctx)
}

// call makes the request of a run's step, and tells how it ended.
func (b *runBatch) call(ctx context.Context, run *store.Run) (in workflow.Input, err error) {
	live := b.book.all[liveKey{run.Workflow, run.Version}]
	if live == nil {
		return in, nil // the run fails for that
	}
	step := live.Step(run.Step)
	if step == nil || step.Webhook == nil {
		return workflow.Input{Kind: workflow.Due}, nil // and this one goes on as it should have
	}
	x := &stepping{runBatch: b, live: live, was: run, out: &store.RunStep{Was: run, Now: run.Run}, env: b.env(live, run)}
	r, err := x.request(ctx, step.Webhook)
	if isOfRule(err) {
		return workflow.Input{Kind: workflow.Trouble, Detail: err.Error(), Final: true}, nil
	}
	if err != nil {
		return in, err
	}
	r.Header.Set("Idempotency-Key", run.ID+":"+strconv.Itoa(run.Visit))
	return b.control.Webhooks.call(r, b.control.Now), nil
}

// call makes a request. How it ended is told in words that repeat neither the URL nor a header, which may hold secrets.
func (c *Caller) call(r *http.Request, now func() time.Time) workflow.Input {
	r.Header.Set("User-Agent", c.userAgent)
	answer, err := c.client.Do(r)
	if err != nil {
		return failedCall(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	status := answer.StatusCode
	if status/100 == 2 {
		return workflow.Input{Kind: workflow.Done, Detail: strconv.Itoa(status)} // whatever else it would have said
	}
	if err != nil {
		text = nil
	}
	in := workflow.Input{Kind: workflow.Trouble, Detail: answered(status, text)}
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		in.Until = dispatch.RetryAfter(answer.Header.Get("Retry-After"), now(), maxRetryAfter)
	default:
		in.Final = true
	}
	return in
}

// failedCall tells of a call that had no answer. What is forbidden now is forbidden later, too.
func failedCall(err error) workflow.Input {
	if e, is := errors.AsType[*url.Error](err); is {
		if e.Timeout() {
			return workflow.Input{Kind: workflow.Trouble, Detail: fmt.Sprintf("it did not answer within %s", callTimeout)}
		}
		err = e.Err
	}
	return workflow.Input{Kind: workflow.Trouble, Detail: err.Error(), Final: fault.Is(err, fault.Forbidden)}
}

// answered is an answer in a few words.
func answered(status int, text []byte) string {
	shown := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(text), ""))
	said := strings.Join(strings.Fields(shown), " ")
	if r := []rune(said); len(r) > answerShown {
		said = string(r[:answerShown]) + "…"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", status, http.StatusText(status), said))
}

// request makes the request of a webhook step.
func (x *stepping) request(ctx context.Context, w *workflow.Webhook) (*http.Request, error) {
	world, err := x.world(ctx)
	if err != nil {
		return nil, err
	}
	vars := world.Variables(nil)
	address, err := renderText(ctx, "webhook.url", w.URL, vars, x.now)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.BadField("webhook.url", "made no URL such as https://acme.test/hook")
	}
	method := cmp.Or(w.Method, http.MethodPost)
	body, err := x.body(ctx, w, method, world, vars)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, fault.BadField("webhook", "made no request")
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, text := range w.Headers {
		value, err := renderText(ctx, "webhook.headers."+name, text, vars, x.now)
		if err != nil {
			return nil, err
		}
		if !httpguts.ValidHeaderFieldValue(value) {
			return nil, fault.BadField("webhook.headers."+name, "must be one line")
		}
		r.Header.Set(name, value)
	}
	return r, nil
}

// body is what a webhook is told: what the definition says, else MailGlyph's object, which GET and DELETE have no place for.
func (x *stepping) body(
	ctx context.Context, w *workflow.Webhook, method string, world *template.Context, vars map[string]any,
) (string, error) {
	switch {
	case w.Body != "":
		return renderText(ctx, "webhook.body", w.Body, vars, x.now)
	case method == http.MethodGet, method == http.MethodDelete:
		return "", nil
	}
	event := world.Event
	if event == nil {
		event = map[string]any{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(map[string]any{
		"contact":  map[string]any{"email": world.Email, "subscribed": world.Subscribed, "data": world.Attributes},
		"workflow": world.Workflow, "execution": world.Execution, "event": event,
	})
	if err != nil {
		return "", fmt.Errorf("encode the body of a webhook: %w", err)
	}
	return b.String(), nil
}

// renderText makes a text of Liquid that stands at a place.
func renderText(ctx context.Context, at, text string, vars map[string]any, now time.Time) (string, error) {
	t, wrong := liquid.Parse(text)
	if len(wrong) > 0 {
		return "", fault.BadField(at, "%v", wrong[0])
	}
	out, err := t.Render(ctx, vars, liquid.Options{Now: now})
	if problem, is := errors.AsType[liquid.Problem](err); is {
		return "", fault.BadField(at, "%v", problem)
	}
	return out, err
}
