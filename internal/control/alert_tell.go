package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/internal/alert"
	"tidings/internal/compose"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/stats"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// tell decides who is told of what a pass changed: each channel of all of it at once, endpoints, where any want that, of each
// alert by itself.
func (l *look) tell(channels []store.AlertChannel, endpoints bool) {
	var all []int // places of those that somebody may be told of
	for i := range l.pass.Alerts {
		if l.changes[i] != "" && !l.pass.Alerts[i].MutedUntil.After(l.now) {
			all = append(all, i)
		}
	}
	for i := range channels {
		x := &channels[i]
		if !x.DisabledAt.IsZero() {
			continue
		}
		of := slices.DeleteFunc(slices.Clone(all), func(i int) bool { return !l.wants(x, &l.pass.Alerts[i]) })
		for _, to := range recipientsOf(x) {
			l.notice(x.Ref, to, of)
		}
	}
	if !endpoints {
		return
	}
	for _, i := range all {
		l.notice(0, "", []int{i})
	}
}

// recipientsOf are whom a channel tells, each by a message of its own.
func recipientsOf(x *store.AlertChannel) []string {
	if x.Kind == store.ChannelEmail {
		return x.To
	}
	return []string{""}
}

func (l *look) notice(channel int64, to string, of []int) {
	if len(of) == 0 {
		return
	}
	n := store.NewNotice{Channel: channel, Recipient: to, Of: of}
	for _, i := range of {
		n.Items = append(n.Items, itemOf(&l.pass.Alerts[i], l.changes[i], l.now))
	}
	l.pass.Notices = append(l.pass.Notices, n)
}

// wants reports whether a channel is told of an alert.
func (l *look) wants(x *store.AlertChannel, a *store.Alert) bool {
	if x.Level == stats.Severe && a.State.Level != stats.Severe {
		return false
	}
	r := l.rules[a.Rule]
	return r == nil || len(r.Channels) == 0 || slices.Contains(r.Channels, x.ID) || slices.Contains(r.Channels, x.Name)
}

func itemOf(a *store.Alert, change alert.Change, now time.Time) alert.Item {
	return alert.Item{
		ID: a.ID, Rule: a.RuleName, RuleID: a.Rule, Kind: a.Kind, By: a.By, Subject: a.Subject, Level: a.State.Level, Change: change,
		Since: a.State.Since, At: now, Window: a.Window, Figures: a.Figures, Reason: a.Reason,
	}
}

// AlertItem is an alert as of now, for people.
func AlertItem(a *store.Alert) alert.Item {
	change := alert.Raised
	if !a.ResolvedAt.IsZero() {
		change = alert.Resolved
	}
	return itemOf(a, change, a.State.SeenAt)
}

// The names under which endpoints are told of alerts.
const (
	AlertRaised   = "alert.raised" // or escalated: its change says which
	AlertResolved = "alert.resolved"
)

// AlertData is what endpoints are told of an alert.
type AlertData struct {
	alert.Item
	Facts string `json:"facts"` // the figures in words
	Todo  string `json:"todo,omitempty"`
	URL   string `json:"url"` // the page about the subject
}

// RunNotice tells what a job says is to be told. last tells that it will not be tried again. A notice that was told is not told
// again, whatever happens to its job; where a server ends between telling and noting that, it is: an alert that comes twice does
// less harm than one that does not come.
func (c *Control) RunNotice(ctx context.Context, payload []byte, last bool) error {
	ref, err := strconv.ParseInt(string(payload), 10, 64)
	if err != nil {
		return fmt.Errorf("read the job of a notice: %w", err)
	}
	n, found, err := c.Store.Notice(ctx, ref)
	if err != nil || !found || n.State != store.NoticeWaiting {
		return err
	}
	state, failure := c.tellNotice(ctx, &n)
	problem := ""
	if failure != nil {
		problem = cutRunes(alert.Tame(failure.Error()), maxFilter)
		if state == store.NoticeWaiting && last {
			state = store.NoticeFailed
		}
	}
	if err := c.settleNotice(context.WithoutCancel(ctx), &n, state, problem); err != nil {
		return err
	}
	if state == store.NoticeWaiting {
		return fmt.Errorf("tell of alerts: %w", failure)
	}
	return nil
}

// settleNotice stores how a try ended, and tries for a while: what is not stored is told again.
func (c *Control) settleNotice(ctx context.Context, n *store.Notice, state store.NoticeState, problem string) (err error) {
	const tries = 5
	for i := range tries {
		if err = c.Store.SettleNotice(ctx, n, state, problem, c.Now()); err == nil {
			return nil
		}
		pause(ctx, settlePause<<i)
	}
	return err
}

// tellNotice tells, and says how far the notice is then: with an error and NoticeWaiting it may work later.
func (c *Control) tellNotice(ctx context.Context, n *store.Notice) (store.NoticeState, error) {
	if n.Endpoints {
		return c.tellEndpointsOf(ctx, n)
	}
	switch {
	case n.Channel == nil:
		return store.NoticeDropped, errors.New("the channel was deleted")
	case !n.Channel.DisabledAt.IsZero():
		return store.NoticeDropped, errors.New("the channel is switched off")
	}
	m, err := c.alertMessage(ctx, n.Project)
	if err != nil {
		return store.NoticeWaiting, err
	}
	m.Items = n.Items
	err = c.tellChannel(ctx, n.Project, n.Channel, n.Recipient, "alert_"+strconv.FormatInt(n.Ref, 36), m)
	switch {
	case err == nil:
		return store.NoticeTold, nil
	case lasts(err):
		return store.NoticeFailed, err
	}
	return store.NoticeWaiting, err
}

// lasts reports whether a failure to tell is one that no further try mends.
func lasts(err error) bool {
	if f, ok := errors.AsType[*send.Failure](err); ok {
		return f.Kind == send.Permanent
	}
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Forbidden) || fault.Is(err, fault.Conflict)
}

func (c *Control) tellEndpointsOf(ctx context.Context, n *store.Notice) (store.NoticeState, error) {
	base := strings.TrimSuffix(c.PublicURL, "/")
	for i := range n.Items {
		x := &n.Items[i]
		name := AlertRaised
		if x.Change == alert.Resolved {
			name = AlertResolved
		}
		data := AlertData{Item: *x, Facts: x.Facts(alert.Tame), Todo: x.Todo(), URL: base + x.Path()}
		err := c.tellEndpoints(ctx, &endpointNotice{
			project: n.Project, name: name, key: x.ID + " " + string(x.Change), at: x.At, data: data,
		})
		if err != nil {
			return store.NoticeWaiting, err
		}
	}
	return store.NoticeTold, nil
}

// alertMessage is a message about a project, without alerts.
func (c *Control) alertMessage(ctx context.Context, project string) (*alert.Message, error) {
	list, err := c.Store.Projects(ctx)
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", err)
	}
	m := &alert.Message{Project: project, URL: strings.TrimSuffix(c.PublicURL, "/")}
	for _, p := range list {
		if p.ID == project {
			m.Project = p.Name
		}
	}
	return m, nil
}

// tellChannel tells one recipient of a channel. id is the same at every try.
func (c *Control) tellChannel(
	ctx context.Context, project string, x *store.AlertChannel, to, id string, m *alert.Message,
) error {
	if x.Kind == store.ChannelSlack {
		return c.tellSlack(ctx, project, x, id, m)
	}
	return c.tellByMail(ctx, project, x, to, id, m)
}

func (c *Control) tellSlack(ctx context.Context, project string, x *store.AlertChannel, id string, m *alert.Message) error {
	address, err := c.openHook(project, x)
	if err != nil {
		return err
	}
	body, err := m.Slack()
	if err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(string(body)))
	if err != nil {
		return fault.BadField("url", "is no URL that can be called")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", id)
	in := c.Webhooks.call(r, c.Now)
	switch {
	case in.Kind == workflow.Done:
		return nil
	case in.Final:
		return fault.New(fault.Invalid, "not_told", "%s answered: %s", x.Host, in.Detail)
	}
	return fault.New(fault.Unavailable, "not_told", "%s answered: %s", x.Host, in.Detail)
}

// tellByMail sends through the project's sender, past the queue and the rules of emails to contacts: the team is no contact that
// may unsubscribe, and no events of ours are made of it. Who is suppressed is not mailed all the same: the reason that stands
// against the address, as that it does not exist, is one for every mail.
func (c *Control) tellByMail(
	ctx context.Context, project string, x *store.AlertChannel, to, id string, m *alert.Message,
) error {
	if err := c.notSuppressed(ctx, project, to); err != nil {
		return err
	}
	live, err := c.Outgoing.Sender(ctx, project, x.Sender)
	if err != nil {
		return fmt.Errorf("find the sender: %w", err)
	}
	from := ownFrom(&live.Row)
	if from.Address == "" {
		return fault.BadField("sender", "the sender %s has no from, and alerts need one", live.Row.Name)
	}
	_, err = live.Send(ctx, ownMail(&live.Row, id, from, to, m.Subject(), m.Text()))
	return err
}

// notSuppressed is a Conflict where there is a standing reason not to mail an address.
func (c *Control) notSuppressed(ctx context.Context, project, address string) error {
	k, err := c.Store.Contact(ctx, project, address)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return fmt.Errorf("find the contact: %w", err)
	case IsSuppressed(&k, c.Now()):
		return fault.New(fault.Conflict, "suppressed", "there is a standing reason not to mail %s", k.Address).
			WithHint("lift its suppressions first, or take another address")
	}
	return nil
}

// ownFrom is whom our own mail is from that is to nobody's contacts.
func ownFrom(x *send.Sender) send.Mailbox {
	from := x.From
	if from.Address == "" && (x.Kind == send.KindFile || x.Kind == send.KindConsole) {
		from.Address = localFrom
	}
	return from
}

// ownMail is a mail of ours to somebody of the team. Nobody watches whether it is opened, where the sender can do without.
func ownMail(x *send.Sender, id string, from send.Mailbox, to, subject, text string) *send.Mail {
	unwatched := x.Settings.UntrackedSet != "" || x.Settings.ConfigurationSet == ""
	m := &send.Mail{
		ID: id, Project: x.Project, MessageID: id + "@" + compose.Domain(from.Address), From: from, To: send.Mailbox{Address: to},
		Subject: subject, Text: text, Headers: []send.Header{{Name: "Auto-Submitted", Value: "auto-generated"}},
		NoOpens: unwatched, NoClicks: unwatched,
	}
	if x.ReplyTo != "" {
		m.ReplyTo = []send.Mailbox{{Address: x.ReplyTo}}
	}
	return m
}

// AlertTrial is what came of trying a channel.
type AlertTrial struct {
	OK     bool
	Detail string // what went wrong, or that it worked
	Took   time.Duration
}

// TestAlertChannel tells a channel something that is marked as a test.
func (c *Control) TestAlertChannel(ctx context.Context, who Actor, id string) (AlertTrial, error) {
	x, err := c.AlertChannel(ctx, who, id)
	if err != nil {
		return AlertTrial{}, err
	}
	if err := c.SelfTests.take(x.ID, c.Now(), codeTooManySenderTests, "this channel was tested too often"); err != nil {
		return AlertTrial{}, err
	}
	if err := c.Store.Note(ctx, who.Project, c.act(who, opTestAlertChannel, x.ID, "")); err != nil {
		return AlertTrial{}, fmt.Errorf("note the test: %w", err)
	}
	m, err := c.alertMessage(ctx, who.Project)
	if err != nil {
		return AlertTrial{}, err
	}
	m.Test = true
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	var failed []string
	for i, to := range recipientsOf(&x) {
		if err := c.tellChannel(ctx, who.Project, &x, to, fmt.Sprintf("test_%d_%d", c.Now().UnixNano(), i), m); err != nil {
			failed = append(failed, strings.TrimPrefix(to+": "+alert.Tame(err.Error()), ": "))
		}
	}
	trial := AlertTrial{OK: len(failed) == 0, Took: time.Since(began), Detail: strings.Join(failed, "; ")}
	trial.Detail = cmp.Or(trial.Detail, "it was taken")
	return trial, nil
}
