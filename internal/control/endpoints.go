package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/store"
)

// The names of operations on endpoints that change something.
const (
	opCreateEndpoint  = "createEndpoint"
	opUpdateEndpoint  = "updateEndpoint"
	opDeleteEndpoint  = "deleteEndpoint"
	opRotateEndpoint  = "rotateEndpointSecret"
	opEnableEndpoint  = "enableEndpoint"
	opDisableEndpoint = "disableEndpoint"
	opTestEndpoint    = "testEndpoint"
)

const maxEndpoints = 100 // of a project

// Outlets is what endpoints stand on.
type Outlets struct {
	// Sealer hides what is secret of endpoints; its error says what an operator has to do. nil: endpoints can't be made.
	Sealer func() (*auth.Sealer, error)
	Limits dispatch.Limits
	// Poster makes requests to endpoints. Tests of endpoints and serving them alone need it.
	Poster *dispatch.Poster
	// Wake lets this server look at its endpoints at once; nil: it serves none.
	Wake func()
	// Tests bound how often each endpoint is tried; nil: nothing does.
	Tests *Rates
	// Public is the public JSON of an event. Serving endpoints alone needs it.
	Public EventText
}

// endpointSecrets is what is sealed of an endpoint.
type endpointSecrets struct {
	Keys    []dispatch.Key    `json:"keys"`
	Headers map[string]string `json:"headers,omitempty"`
}

// sealed for a project, so that a row that was copied into another one opens nothing.
func endpointSeal(project string) string { return "endpoint of " + project }

func (c *Control) sealer() (*auth.Sealer, error) {
	if c.Outlets.Sealer == nil {
		return nil, fault.New(fault.Unavailable, "no_seal_key", "this process has no key that seals secrets")
	}
	return c.Outlets.Sealer()
}

func (c *Control) sealEndpoint(project string, x endpointSecrets) ([]byte, error) {
	s, err := c.sealer()
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("encode the secrets of an endpoint: %w", err)
	}
	return s.Seal(raw, endpointSeal(project)), nil
}

func (c *Control) openEndpoint(x *store.Endpoint) (secrets endpointSecrets, err error) {
	s, err := c.sealer()
	if err != nil {
		return secrets, err
	}
	raw, err := s.Open(x.Sealed, endpointSeal(x.Project))
	if err != nil {
		return secrets, fault.Wrap(fault.Conflict, "sealed", err, "the secrets of endpoint "+x.Name+" can't be opened").
			WithHint("start the server with the key that it had, or rotate the secret and give the headers again")
	}
	if err := json.Unmarshal(raw, &secrets); err != nil {
		return secrets, fmt.Errorf("read the secrets of endpoint %s: %w", x.ID, err)
	}
	return secrets, nil
}

// EndpointView is an endpoint for people. Headers have names, and no values.
type EndpointView struct {
	store.Endpoint
	Keys     []dispatch.Key // the secret alone of a new one, and nobody sees it again
	Problems []rule.Problem // why it is not served, or can't get all it should
}

// EndpointBatch lets several events go in one request.
type EndpointBatch = dispatch.Batch

// EndpointEdit is what somebody says of an endpoint. Nil fields say nothing; of a new endpoint they are empty.
type EndpointEdit struct {
	Name, URL   *string
	On          json.RawMessage // rule.Match; nil says nothing
	If          json.RawMessage // a condition, {} for none; nil says nothing
	Format      *string
	Raw         *bool
	Batch       *EndpointBatch     // the zero value: none
	Headers     *map[string]string // all of them; an empty value keeps what is stored
	Concurrency *int
	PerSecond   *float64
	Ordered     *bool
	For         *string
	Secret      *string // of a new endpoint alone
}

func (e *EndpointEdit) apply(p *problems, d *dispatch.Definition) {
	set(&d.Name, e.Name)
	set(&d.URL, e.URL)
	if e.On != nil {
		d.On = p.match("on", e.On)
	}
	if e.If != nil {
		d.If = p.conditionOf("if", e.If)
	}
	if e.Format != nil {
		d.Format = dispatch.Format(*e.Format)
	}
	set(&d.Raw, e.Raw)
	if e.Batch != nil {
		if d.Batch = e.Batch; *e.Batch == (dispatch.Batch{}) {
			d.Batch = nil
		}
	}
	set(&d.Concurrency, e.Concurrency)
	set(&d.PerSecond, e.PerSecond)
	set(&d.Ordered, e.Ordered)
	set(&d.For, e.For)
	if e.Headers != nil {
		stored := d.Headers
		d.Headers = maps.Clone(*e.Headers)
		for name, value := range d.Headers {
			if value == "" {
				d.Headers[name] = stored[name]
			}
		}
	}
}

// match reads which events are wanted. A key that nobody knows is refused: an endpoint must not get what was not asked for.
func (p *problems) match(field string, raw json.RawMessage) (m rule.Match) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(&m)
	if err == nil {
		return m
	}
	if wrong, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		p.add(strings.TrimSuffix(field+"."+wrong.Field, "."), "is a JSON %s, which does not belong there", wrong.Value)
		return rule.Match{}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		p.add(field, "has a key %s, which there is not: want event, bus, app, source, template, workflow, link, tag, class, verdict "+
			"or where", name)
		return rule.Match{}
	}
	p.add(field, "is no object such as {\"event\":[\"email.*\"]}")
	return rule.Match{}
}

// conditionOf reads a condition; {} is none.
func (p *problems) conditionOf(field string, raw json.RawMessage) *segment.Condition {
	if text := strings.Join(strings.Fields(string(raw)), ""); text == "null" || text == "{}" {
		return nil
	}
	if p.condition(field, raw) == nil {
		return nil
	}
	c := new(segment.Condition)
	if err := json.Unmarshal(raw, c); err != nil { // it was read just before
		p.add(field, "%v", err)
	}
	return c
}

// checkEndpoint checks a definition, and returns it as it is stored.
func (k *ruleCheck) checkEndpoint(ctx context.Context, p *problems, d dispatch.Definition) (dispatch.Definition, error) {
	x, wrong := dispatch.Compile(d, k.control.Outlets.Limits)
	if x != nil {
		var err error
		if wrong, err = k.named(ctx, x.On, x.Condition); err != nil {
			return d, err
		}
	}
	for _, w := range wrong {
		p.add(w.At, "%s", w.Says)
	}
	if err := p.err(); err != nil {
		return d, err
	}
	return x.Definition, nil
}

// Endpoints lists the endpoints of a project by name.
func (c *Control) Endpoints(ctx context.Context, who Actor) ([]EndpointView, error) {
	list, err := c.Store.Endpoints(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	check := &ruleCheck{control: c, who: who}
	out := make([]EndpointView, len(list))
	for i := range list {
		if out[i], err = check.endpointView(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Endpoint finds one by its id or name.
func (c *Control) Endpoint(ctx context.Context, who Actor, idOrName string) (EndpointView, error) {
	x, err := c.storedEndpoint(ctx, who, idOrName)
	if err != nil {
		return EndpointView{}, err
	}
	return (&ruleCheck{control: c, who: who}).endpointView(ctx, &x)
}

func (c *Control) storedEndpoint(ctx context.Context, who Actor, idOrName string) (store.Endpoint, error) {
	var p problems
	p.text("id", idOrName, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.Endpoint{}, err
	}
	x, err := c.Store.Endpoint(ctx, who.Project, idOrName)
	if err != nil {
		return x, fmt.Errorf("find endpoint: %w", err)
	}
	return x, nil
}

func (k *ruleCheck) endpointView(ctx context.Context, x *store.Endpoint) (v EndpointView, err error) {
	v.Endpoint = *x
	secrets, err := k.control.openEndpoint(x)
	if err != nil {
		v.Problems = append(v.Problems, rule.Problem{At: "secret", Says: err.Error()})
	}
	names := make(map[string]string, len(secrets.Headers))
	for name := range secrets.Headers {
		names[name] = ""
	}
	v.Headers = names
	v.Format, v.Concurrency, v.For = cmp.Or(v.Format, dispatch.Standard), v.AtOnce(), cmp.Or(v.For, "72h")
	for _, key := range secrets.Keys {
		v.Keys = append(v.Keys, dispatch.Key{Until: key.Until})
	}
	compiled, wrong := dispatch.Compile(x.Definition, k.control.Outlets.Limits)
	if compiled != nil {
		if wrong, err = k.named(ctx, compiled.On, compiled.Condition); err != nil {
			return v, err
		}
	}
	v.Problems = append(v.Problems, wrong...)
	return v, nil
}

// CreateEndpoint makes an endpoint. It gets what is stored from now on. Its secret is in the answer, and in no other one.
func (c *Control) CreateEndpoint(ctx context.Context, who Actor, e EndpointEdit) (v EndpointView, err error) {
	var p problems
	var d dispatch.Definition
	e.apply(&p, &d)
	secret := p.secret("secret", e.Secret)
	check := &ruleCheck{control: c, who: who}
	if d, err = check.checkEndpoint(ctx, &p, d); err != nil {
		return v, err
	}
	key := dispatch.Key{Secret: secret}
	sealed, err := c.sealEndpoint(who.Project, endpointSecrets{Keys: []dispatch.Key{key}, Headers: d.Headers})
	if err != nil {
		return v, err
	}
	act := c.act(who, opCreateEndpoint, "", "")
	act.Changes = []store.Change{{Field: "name", To: d.Name}, {Field: "url", To: d.URL}}
	x := store.Endpoint{Sealed: sealed}
	x.Definition = d
	x, err = c.Store.CreateEndpoint(ctx, who.Project, x, maxEndpoints, act)
	if err != nil {
		return v, fmt.Errorf("create endpoint: %w", err)
	}
	c.endpointsChanged()
	if v, err = check.endpointView(ctx, &x); err == nil {
		v.Keys = []dispatch.Key{key}
	}
	return v, err
}

// secret reads a secret that a receiver has already, or makes one.
func (p *problems) secret(field string, text *string) dispatch.Secret {
	if text == nil || *text == "" {
		return dispatch.NewSecret()
	}
	s, err := dispatch.ParseSecret(*text)
	p.wrong(field, err)
	return s
}

// UpdateEndpoint changes an endpoint. What comes of it is checked as a whole.
func (c *Control) UpdateEndpoint(ctx context.Context, who Actor, idOrName string, e EndpointEdit) (EndpointView, error) {
	check := &ruleCheck{control: c, who: who}
	if err := check.load(ctx); err != nil { // not within the transaction that follows
		return EndpointView{}, err
	}
	act := c.act(who, opUpdateEndpoint, "", "")
	return c.changeEndpoint(ctx, who, idOrName, &act, func(x *store.Endpoint, secrets *endpointSecrets) error {
		var p problems
		was := x.Definition
		if e.Secret != nil {
			p.add("secret", "is changed by rotating it, so that the old one goes on to hold for a while")
		}
		x.Headers = secrets.Headers
		e.apply(&p, &x.Definition)
		d, err := check.checkEndpoint(ctx, &p, x.Definition)
		if err != nil {
			return err
		}
		secrets.Headers, d.Headers = d.Headers, nil
		act.Changes = endpointChanges(&was, &d)
		x.Definition = d
		return nil
	})
}

// endpointChanges tells the audit log what differs between two definitions.
func endpointChanges(a, b *dispatch.Definition) (list []store.Change) {
	for _, f := range [...]struct{ name, from, to string }{
		{"name", a.Name, b.Name},
		{"url", a.URL, b.URL},
	} {
		if f.from != f.to {
			list = append(list, store.Change{Field: f.name, From: f.from, To: f.to})
		}
	}
	x, y := *a, *b
	x.Name, x.URL, y.Name, y.URL = "", "", "", ""
	if !sameJSON(&x, &y) {
		list = append(list, store.Change{Field: "definition"})
	}
	return list
}

// changeEndpoint lets a function change an endpoint and its secrets, and stores both at once. Secrets that can't be opened
// are none.
func (c *Control) changeEndpoint(
	ctx context.Context, who Actor, idOrName string, act *store.Act, change func(*store.Endpoint, *endpointSecrets) error,
) (EndpointView, error) {
	if _, err := c.storedEndpoint(ctx, who, idOrName); err != nil {
		return EndpointView{}, err
	}
	x, err := c.Store.ChangeEndpoint(ctx, who.Project, idOrName, act, func(x *store.Endpoint) error {
		secrets, err := c.openEndpoint(x)
		if err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
		if err := change(x, &secrets); err != nil {
			return err
		}
		if len(secrets.Keys) == 0 {
			return nil // they could not be opened, and stay as they are
		}
		x.Sealed, err = c.sealEndpoint(x.Project, secrets)
		return err
	})
	if err != nil {
		return EndpointView{}, fmt.Errorf("change endpoint: %w", err)
	}
	c.endpointsChanged()
	return (&ruleCheck{control: c, who: who}).endpointView(ctx, &x)
}

// DeleteEndpoint removes an endpoint with all that is known of what it was sent.
func (c *Control) DeleteEndpoint(ctx context.Context, who Actor, idOrName string) error {
	x, err := c.storedEndpoint(ctx, who, idOrName)
	if err != nil {
		return err
	}
	act := c.act(who, opDeleteEndpoint, "", "")
	act.Changes = []store.Change{{Field: "name", From: x.Name}, {Field: "url", From: x.URL}}
	if err := c.Store.DeleteEndpoint(ctx, who.Project, x.ID, act); err != nil {
		return fmt.Errorf("delete endpoint: %w", err)
	}
	c.endpointsChanged()
	return nil
}

// endpointsChanged makes this server see a change at once; others do within seconds.
func (c *Control) endpointsChanged() {
	if c.Outlets.Wake != nil {
		c.Outlets.Wake()
	}
}

// The bounds of secrets: how long an old one goes on to hold, and how many do at once.
const (
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 30 * 24 * time.Hour
	maxKeys        = 5
)
