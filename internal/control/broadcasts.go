package control

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/store"
)

// The names of operations on broadcasts that change something.
const (
	opCreateBroadcast = "createBroadcast"
	opUpdateBroadcast = "updateBroadcast"
	opDeleteBroadcast = "deleteBroadcast"
	opSendBroadcast   = "sendBroadcast"
	opCancelBroadcast = "cancelBroadcast"
	opPauseBroadcast  = "pauseBroadcast"
	opResumeBroadcast = "resumeBroadcast"
	opTestBroadcast   = "testBroadcast"
)

const (
	maxBroadcastName  = 200
	maxBroadcasts     = 10_000 // of a project
	maxThrottle       = 1_000_000
	maxLeast          = 1_000_000_000
	maxBroadcastPage  = 100
	audienceSample    = 5
	broadcastIDPrefix = "brc_"
)

// BroadcastEdit is what somebody says of a broadcast; nil leaves what is there.
type BroadcastEdit struct {
	Name, Description, Template, Subject, Body *string
	Text                                       *string
	HasText                                    bool // Text is said: nil makes it of the HTML again
	From, FromName, ReplyTo, Sender            *string
	AudienceType, Segment                      *string
	Condition                                  json.RawMessage // "null": none
	Tags                                       *[]string
	Topic                                      *string
	Throttle                                   *int64
	LocalTime, TimeZone                        *string
	Bounces, Complaints                        *float64 // shares; 0: it never pauses for them
	Least                                      *int64
	TrackOpens, TrackClicks                    *bool
	Data                                       json.RawMessage
}

// apply makes the changes.
func (e *BroadcastEdit) apply(d *store.BroadcastDefinition) {
	for _, f := range [...]struct {
		to   *string
		from *string
	}{
		{&d.Name, e.Name},
		{&d.Description, e.Description},
		{&d.Template, e.Template},
		{&d.Subject, e.Subject},
		{&d.Body, e.Body},
		{&d.From, e.From},
		{&d.FromName, e.FromName},
		{&d.ReplyTo, e.ReplyTo},
		{&d.Sender, e.Sender},
		{&d.AudienceType, e.AudienceType},
		{&d.Segment, e.Segment},
		{&d.Topic, e.Topic},
		{&d.LocalTime, e.LocalTime},
		{&d.TimeZone, e.TimeZone},
	} {
		set(f.to, f.from)
	}
	set(&d.Tags, e.Tags)
	set(&d.Throttle, e.Throttle)
	if e.HasText {
		d.Text = e.Text
	}
	if e.Condition != nil {
		d.Condition = plainJSON(e.Condition)
	}
	if e.Data != nil {
		d.Data = plainJSON(e.Data)
	}
	for to, from := range map[**bool]*bool{&d.TrackOpens: e.TrackOpens, &d.TrackClicks: e.TrackClicks} {
		if from != nil {
			*to = from
		}
	}
	for to, from := range map[**float64]*float64{&d.Bounces: e.Bounces, &d.Complaints: e.Complaints} {
		if from != nil {
			*to = from
		}
	}
	if e.Least != nil {
		d.Least = e.Least
	}
}

// plainJSON is a JSON value, or nothing for null.
func plainJSON(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// CreateBroadcast makes a draft of a broadcast. It must be complete: everything that is wrong with it is told.
func (c *Control) CreateBroadcast(ctx context.Context, who Actor, e *BroadcastEdit) (store.Broadcast, error) {
	x := store.Broadcast{ID: auth.NewID(broadcastIDPrefix)}
	x.AudienceType = store.AudienceAll
	e.apply(&x.BroadcastDefinition)
	if e.AudienceType == nil && (len(x.Tags) > 0 || len(x.Condition) > 0) {
		x.AudienceType = store.AudienceFiltered
	}
	if _, err := c.broadcastContent(ctx, who.Project, x.ID, &x.BroadcastDefinition, who.Bounds.Domains); err != nil {
		return x, err
	}
	out, err := c.Store.CreateBroadcast(ctx, who.Project, x, maxBroadcasts, c.act(who, opCreateBroadcast, x.ID, ""))
	if err != nil {
		return out, fmt.Errorf("create broadcast: %w", err)
	}
	return out, nil
}

// UpdateBroadcast changes a broadcast that did not begin yet.
func (c *Control) UpdateBroadcast(ctx context.Context, who Actor, id string, e *BroadcastEdit) (store.Broadcast, error) {
	x, err := c.Broadcast(ctx, who, id)
	if err != nil {
		return x, err
	}
	changed := x.BroadcastDefinition
	e.apply(&changed)
	if _, err := c.broadcastContent(ctx, who.Project, id, &changed, who.Bounds.Domains); err != nil {
		return x, err
	}
	out, err := c.Store.UpdateBroadcast(ctx, who.Project, id, func(d *store.BroadcastDefinition) error {
		template := changed.Template
		e.apply(d)
		if e.Template != nil {
			d.Template = template
		}
		return nil
	}, c.act(who, opUpdateBroadcast, id, ""))
	if err != nil {
		return out, fmt.Errorf("update broadcast: %w", err)
	}
	return out, nil
}

// Broadcast finds a broadcast.
func (c *Control) Broadcast(ctx context.Context, who Actor, id string) (store.Broadcast, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.Broadcast{}, err
	}
	x, err := c.Store.Broadcast(ctx, who.Project, id)
	if err != nil {
		return x, fmt.Errorf("find broadcast: %w", err)
	}
	return x, nil
}

// DeleteBroadcast removes a draft.
func (c *Control) DeleteBroadcast(ctx context.Context, who Actor, id string) error {
	if _, err := c.Broadcast(ctx, who, id); err != nil {
		return err
	}
	if err := c.Store.DeleteBroadcast(ctx, who.Project, id, c.act(who, opDeleteBroadcast, id, "")); err != nil {
		return fmt.Errorf("delete broadcast: %w", err)
	}
	return nil
}

// BroadcastPage is one page of broadcasts, newest first.
type BroadcastPage struct {
	Broadcasts     []store.Broadcast
	Total          int64
	Page, PageSize int
}

// Broadcasts lists the broadcasts of a project.
func (c *Control) Broadcasts(ctx context.Context, who Actor, status string, page, size int) (BroadcastPage, error) {
	var p problems
	q := store.BroadcastQuery{Project: who.Project, Limit: size}
	var words []string
	for _, x := range store.BroadcastStatuses() {
		words = append(words, string(x))
	}
	p.oneOf("status", status, words)
	if status != "" {
		q.Statuses = []store.BroadcastStatus{store.BroadcastStatus(status)}
	}
	if page < 1 || page > 1_000_000 {
		p.add("page", "must be between 1 and 1000000")
	}
	if size < 1 || size > maxBroadcastPage {
		p.add("pageSize", "must be between 1 and %d", maxBroadcastPage)
	}
	if err := p.err(); err != nil {
		return BroadcastPage{}, err
	}
	q.Offset = int64(page-1) * int64(size)
	list, total, err := c.Store.Broadcasts(ctx, q)
	if err != nil {
		return BroadcastPage{}, fmt.Errorf("list broadcasts: %w", err)
	}
	return BroadcastPage{list, total, page, size}, nil
}

// broadcastContent checks a definition and makes what everybody gets. A template is known by its id afterwards. allowed are the
// domains that may send; empty: all.
func (c *Control) broadcastContent(
	ctx context.Context, project, id string, d *store.BroadcastDefinition, allowed []string,
) (*send.Content, error) {
	var p problems
	p.text("name", d.Name, 1, maxBroadcastName)
	p.text("description", d.Description, 0, maxNote)
	p.broadcastAudience(d)
	p.broadcastPace(d)
	in := &SendRequest{
		To: []send.Mailbox{{Address: "nobody@localhost"}}, Subject: d.Subject, HTML: d.Body, Text: d.Text, Template: d.Template,
		Topic: d.Topic, Sender: d.Sender, Tags: []string{id}, TrackOpens: d.TrackOpens, TrackClicks: d.TrackClicks,
	}
	if d.From != "" || d.FromName != "" {
		in.From = &send.Mailbox{Name: d.FromName, Address: d.From}
	}
	if d.ReplyTo != "" {
		if _, wrong := readAddress([]byte(d.ReplyTo)); wrong != "" {
			p.add("replyTo", "%s", wrong)
		}
		in.ReplyTo = []send.Mailbox{{Address: d.ReplyTo}}
	}
	s := &sending{control: c, who: Actor{Project: project, Bounds: store.KeyBounds{Domains: allowed}}, in: in, now: c.Now()}
	content, err := s.broadcast(ctx, &p, d)
	if err != nil {
		return nil, err
	}
	if content.Template != "" {
		d.Template = content.Template
	}
	content.Broadcast = id
	return content, nil
}

// broadcast checks what is to be sent as a broadcast, and makes its content.
func (s *sending) broadcast(ctx context.Context, p *problems, d *store.BroadcastDefinition) (*send.Content, error) {
	in := s.in
	content := &send.Content{
		Subject: in.Subject, HTML: in.HTML, Text: in.Text, ReplyTo: in.ReplyTo, Sender: in.Sender, Topic: in.Topic, Tags: in.Tags,
	}
	s.batch = store.SendBatch{Content: content}
	s.checkTexts(p)
	if in.From != nil && in.From.Address != "" {
		content.From = *in.From
		s.mailbox(p, "from", content.From)
	} else if in.From != nil {
		p.mailName("fromName", in.From.Name)
	}
	content.Data, _, _ = trackedData(p, d.Data)
	if err := s.template(ctx, p); err != nil {
		return nil, err
	}
	content.Transactional = false // a broadcast never is, whatever its template says
	for to, from := range map[*bool]*bool{&content.NoOpens: in.TrackOpens, &content.NoClicks: in.TrackClicks} {
		if from != nil {
			*to = !*from
		}
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	if err := s.mayUse(ctx); err != nil {
		return nil, err
	}
	if in.From != nil && in.From.Name != "" {
		content.From.Name = in.From.Name
	}
	return content, nil
}

// broadcastAudience checks who it goes to.
func (p *problems) broadcastAudience(d *store.BroadcastDefinition) {
	p.oneOf("audienceType", d.AudienceType, []string{store.AudienceAll, store.AudienceSegment, store.AudienceFiltered})
	if d.AudienceType == "" {
		p.add("audienceType", "is required: %s, %s or %s", store.AudienceAll, store.AudienceSegment, store.AudienceFiltered)
	}
	if len(d.Tags) > maxSendTags {
		p.add("tags", "must have at most %d entries", maxSendTags)
	}
	for i, tag := range d.Tags {
		p.text(indexed("tags", i), tag, 1, maxTag)
	}
	if len(d.Condition) > 0 {
		p.condition("audienceCondition", d.Condition)
	}
	switch d.AudienceType {
	case store.AudienceSegment:
		p.text("segmentId", d.Segment, 1, maxFilter)
	case store.AudienceFiltered:
		if len(d.Condition) == 0 && len(d.Tags) == 0 {
			p.add("audienceCondition", "is required where audienceType is FILTERED and there are no tags")
		}
	}
	if d.AudienceType != store.AudienceSegment && d.Segment != "" {
		p.add("segmentId", "goes with the audienceType SEGMENT alone")
	}
	if d.AudienceType != store.AudienceFiltered && (len(d.Condition) > 0 || len(d.Tags) > 0) {
		field := "audienceCondition"
		if len(d.Condition) == 0 {
			field = "tags"
		}
		p.add(field, "goes with the audienceType FILTERED alone")
	}
}

// broadcastPace checks how fast, when and how long it goes.
func (p *problems) broadcastPace(d *store.BroadcastDefinition) {
	if d.Throttle < 0 || d.Throttle > maxThrottle {
		p.add("throttlePerMinute", "must be between 1 and %d, or 0 for as fast as it goes", maxThrottle)
	}
	if d.LocalTime != "" {
		if _, err := time.Parse(hourMinute, d.LocalTime); err != nil || len(d.LocalTime) != len(hourMinute) {
			p.add("localTime", "must be a time of day such as 09:00")
		}
	}
	if _, ok := zoneOf(d.TimeZone); !ok && d.TimeZone != "" {
		p.add("timeZone", "%.60q is no time zone: want one such as Europe/Berlin", d.TimeZone)
	}
	for _, f := range [...]struct {
		field string
		value *float64
	}{{"thresholds.bounceRate", d.Bounces}, {"thresholds.complaintRate", d.Complaints}} {
		if f.value != nil && (!(*f.value >= 0) || *f.value > 1) {
			p.add(f.field, "must be a share between 0 and 1; 0: it never pauses for that")
		}
	}
	if d.Least != nil && (*d.Least < 1 || *d.Least > maxLeast) {
		p.add("thresholds.minimum", "must be between 1 and %d", maxLeast)
	}
}

// filterCondition is the condition that attributes have values: what Mailshot's filters say.
func filterCondition(attributes map[string]any) (json.RawMessage, error) {
	if len(attributes) == 0 {
		return nil, nil
	}
	type filter struct {
		Field    string `json:"field"`
		Operator string `json:"operator"`
		Value    any    `json:"value"`
	}
	var filters []filter
	for _, name := range sortedKeys(attributes) {
		filters = append(filters, filter{"data." + name, "equals", attributes[name]})
	}
	raw, err := json.Marshal(map[string]any{"logic": "AND", "groups": []any{map[string]any{"filters": filters}}})
	if err != nil {
		return nil, fault.BadField("filterAttributes", "can't be written as JSON: %v", err)
	}
	return raw, nil
}
