package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/store"
)

type broadcastCommand struct {
	List     broadcastList     `cmd:"" help:"List broadcasts."`
	Get      broadcastGet      `cmd:"" help:"Show a broadcast, and watch it until it is done."`
	Create   broadcastCreate   `cmd:"" help:"Make a draft of a broadcast: one email to an audience."`
	Audience broadcastAudience `cmd:"" help:"Tell who would get it, who is left out, and what they would get."`
	Test     broadcastTest     `cmd:"" help:"Send it to one address."`
	Send     broadcastSend     `cmd:"" help:"Send it, at once or at a time."`
	Pause    broadcastPause    `cmd:"" help:"Hold what was not handed over yet."`
	Resume   broadcastResume   `cmd:"" help:"Let a paused broadcast go on."`
	Cancel   broadcastCancel   `cmd:"" help:"End it: what was not handed over never will be."`
	Stats    broadcastStats    `cmd:"" help:"Tell what became of it."`
}

type broadcastList struct {
	database `embed:""`
	printing `embed:""`
	Status   string `enum:",DRAFT,SCHEDULED,SENDING,SENT,CANCELLED,PAUSED" default:"" placeholder:"STATUS" help:"DRAFT, SCHEDULED, SENDING, SENT, CANCELLED or PAUSED."`
	Limit    int    `default:"20" placeholder:"N" help:"How many a page has, at most 100."`
	Page     int    `default:"1" placeholder:"N" help:"Which page, from 1."`
}

// Help is the long help.
func (*broadcastList) Help() string {
	return `Newest first.

  tidings broadcast list
  tidings broadcast list --status PAUSED --json`
}

// Run lists the broadcasts.
func (b *broadcastList) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.Broadcasts(c.ctx, who, b.Status, b.Page, b.Limit)
		if err != nil {
			return err
		}
		view := api.BroadcastList{
			Data: []api.Broadcast{}, Page: page.Page, PageSize: page.PageSize, Total: page.Total,
			TotalPages: int((page.Total + int64(page.PageSize) - 1) / int64(page.PageSize)),
		}
		for i := range page.Broadcasts {
			shown, err := shownBroadcast(c, ops, &page.Broadcasts[i])
			if err != nil {
				return err
			}
			view.Data = append(view.Data, shown)
		}
		return b.printAPI(c, view, func(w io.Writer) {
			if len(view.Data) == 0 {
				fmt.Fprintln(w, "There are no broadcasts. Make one: tidings broadcast create --name News --template news/may --all")
				return
			}
			rows := make([][]string, len(view.Data))
			for i, x := range view.Data {
				rows[i] = []string{
					x.ID, x.Name, strings.ToLower(x.Status), number(x.TotalRecipients), number(x.SentCount), number(x.DeliveredCount),
					number(x.OpenedCount), number(x.BouncedCount), when(x.CreatedAt),
				}
			}
			table(w, []string{"id", "name", "status", "recipients", "sent", "delivered", "opened", "bounced", "created"}, rows)
			if view.TotalPages > view.Page {
				fmt.Fprintf(w, "%d in all; the next page: --page %d\n", view.Total, view.Page+1)
			}
		})
	})
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func shownBroadcast(c *console, ops *control.Control, x *store.Broadcast) (api.Broadcast, error) {
	figures, err := ops.BroadcastFigures(c.ctx, x)
	return api.BroadcastOf(x, &figures), err
}

// broadcastOne is what commands about one broadcast have in common.
type broadcastOne struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" name:"id" help:"The broadcast (brc_…)."`
}

// show prints a broadcast.
func (b *broadcastOne) show(c *console, ops *control.Control, x *store.Broadcast, err error, said string) error {
	if err != nil {
		return err
	}
	view, err := shownBroadcast(c, ops, x)
	if err != nil {
		return err
	}
	return b.printAPI(c, view, func(w io.Writer) {
		if said != "" {
			fmt.Fprintln(w, said)
			return
		}
		printBroadcast(w, &view)
	})
}

func printBroadcast(w io.Writer, x *api.Broadcast) {
	rows := [][]string{{"id", x.ID}, {"name", x.Name}, {"status", strings.ToLower(x.Status)}}
	add := func(name, value string) {
		if value != "" && value != "0" {
			rows = append(rows, []string{name, value})
		}
	}
	add("why it is paused", x.PausedReason)
	add("template", x.Template)
	add("subject", x.Subject)
	add("from", x.From)
	audience := strings.ToLower(x.AudienceType)
	if x.SegmentID != nil {
		audience += " " + *x.SegmentID
	}
	if len(x.Tags) > 0 {
		audience += " by the tags " + strings.Join(x.Tags, ", ")
	}
	add("audience", audience)
	for name, at := range map[string]*time.Time{"begins": x.ScheduledFor} {
		if at != nil {
			add(name, when(*at))
		}
	}
	if x.StartedAt != nil {
		add("begun", when(*x.StartedAt))
	}
	if x.SentAt != nil {
		add("sent", when(*x.SentAt))
	}
	if x.LocalTime != "" {
		add("local time", x.LocalTime)
	}
	add("emails a minute", number(x.ThrottlePerMinute))
	if x.StartedAt != nil {
		for _, f := range []struct {
			name string
			n    int64
		}{
			{"in the audience", x.AudienceSize},
			{"recipients", x.TotalRecipients},
			{"had their turn", x.HandledCount},
			{"handed over", x.SentCount},
			{"delivered", x.DeliveredCount},
			{"opened", x.OpenedCount},
			{"clicked", x.ClickedCount},
			{"bounced", x.BouncedCount},
		} {
			rows = append(rows, []string{f.name, number(f.n)})
		}
	}
	table(w, nil, rows)
}

type broadcastGet struct {
	broadcastOne `embed:""`
	Watch        bool `help:"Show how far it is until it is done."`
}

// Help is the long help.
func (*broadcastGet) Help() string {
	return `  tidings broadcast get brc_01jq7z9f3v8k2m5n
  tidings broadcast get brc_01jq7z9f3v8k2m5n --watch`
}

// castEvery is how often a broadcast is looked at.
const castEvery = time.Second

// Run shows the broadcast.
func (b *broadcastGet) Run(c *console) error {
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		update, hide := c.progress("broadcast")
		defer hide()
		for {
			x, err := ops.Broadcast(c.ctx, who, b.ID)
			if err != nil {
				return err
			}
			moving := x.Status == store.BroadcastSending || x.Status == store.BroadcastScheduled
			if !b.Watch || !moving {
				hide()
				return b.show(c, ops, &x, nil, "")
			}
			figures, err := ops.BroadcastFigures(c.ctx, &x)
			if err != nil {
				return err
			}
			update(figures.Sent, x.Recipients)
			select {
			case <-c.ctx.Done():
				return c.ctx.Err()
			case <-time.After(castEvery):
			}
		}
	})
}

type broadcastCreate struct {
	database    `embed:""`
	printing    `embed:""`
	Name        string   `required:"" placeholder:"TEXT" help:"What it is called, for people."`
	Description string   `placeholder:"TEXT" help:"What it is for."`
	Template    string   `placeholder:"KEY|ID" help:"A template; --subject and --body stand in place of what it says."`
	Subject     string   `placeholder:"TEXT" help:"A subject, with Liquid."`
	Body        string   `placeholder:"FILE" type:"path" help:"A file with the HTML, with Liquid."`
	From        string   `placeholder:"ADDRESS" help:"Whom it is from; by default as the template or the sender says."`
	FromName    string   `placeholder:"TEXT" help:"The name beside it."`
	ReplyTo     string   `placeholder:"ADDRESS" help:"Where answers go."`
	Sender      string   `placeholder:"ID" help:"The sender; by default the project's."`
	All         bool     `xor:"audience" help:"To every contact."`
	Segment     string   `xor:"audience" placeholder:"ID" help:"To those in a segment."`
	Tag         []string `placeholder:"TAG" help:"To those who have a tag; may be repeated: all of them."`
	Where       string   `placeholder:"JSON|@FILE" help:"To those whom a condition selects, as segments have it."`
	Topic       string   `placeholder:"SLUG" help:"Its topic: whoever left that is left out."`
	Throttle    int64    `placeholder:"N" help:"At most so many emails a minute."`
	LocalTime   string   `placeholder:"15:04" help:"When it is this time where the recipient is, by the attribute timezone."`
	TimeZone    string   `placeholder:"ZONE" help:"Of those who have none, such as Europe/Berlin; by default UTC."`
	BounceRate  *float64 `placeholder:"SHARE" help:"Pause itself past this share of bounces; 0.05 by default, 0 is never."`
	Complaints  *float64 `name:"complaint-rate" placeholder:"SHARE" help:"Pause itself past this share of complaints; 0.003 by default, 0 is never."`
	Minimum     *int64   `placeholder:"N" help:"How many must be sent before either counts; 500 by default."`
	TrackOpens  *bool    `negatable:"" help:"Watch opens; by default as the template says."`
	TrackClicks *bool    `negatable:"" help:"Watch clicks; by default as the template says."`
	Data        string   `placeholder:"JSON|@FILE" help:"What the template may name beside the contact."`
}

// Help is the long help.
func (*broadcastCreate) Help() string {
	return `A draft is not sent: look at its audience first, then send it.

  tidings broadcast create --name "May news" --template news/may --all
  tidings broadcast create --name Beta --subject 'Hi {{ firstName }}' --body beta.html --from news@acme.test --tag beta
  tidings broadcast create --name Team --template news/may --segment seg_4f --local-time 09:00 --time-zone Europe/Berlin`
}

// edit reads the flags and the files that they name.
func (b *broadcastCreate) edit() (*control.BroadcastEdit, error) {
	e := &control.BroadcastEdit{
		Name: &b.Name, Description: &b.Description, Template: &b.Template, Subject: &b.Subject, From: &b.From, FromName: &b.FromName,
		ReplyTo: &b.ReplyTo, Sender: &b.Sender, Topic: &b.Topic, Throttle: &b.Throttle, LocalTime: &b.LocalTime,
		TimeZone: &b.TimeZone, Bounces: b.BounceRate, Complaints: b.Complaints, Least: b.Minimum, TrackOpens: b.TrackOpens,
		TrackClicks: b.TrackClicks,
	}
	if b.Body != "" {
		html, err := os.ReadFile(b.Body)
		if err != nil {
			return nil, usageError{fmt.Errorf("read --body: %w", err)}
		}
		e.Body = new(string(html))
	}
	for _, f := range [...]struct {
		flag, text string
		to         *json.RawMessage
	}{{"--where", b.Where, &e.Condition}, {"--data", b.Data, &e.Data}} {
		if f.text == "" {
			continue
		}
		raw := []byte(f.text)
		if file, named := strings.CutPrefix(f.text, "@"); named {
			var err error
			if raw, err = os.ReadFile(file); err != nil {
				return nil, usageError{fmt.Errorf("read %s: %w", f.flag, err)}
			}
		}
		if !json.Valid(raw) {
			return nil, usageError{fmt.Errorf("%s is no JSON", f.flag)}
		}
		*f.to = raw
	}
	kind := store.AudienceAll
	switch {
	case b.Segment != "" && (len(b.Tag) > 0 || b.Where != ""), b.All && (len(b.Tag) > 0 || b.Where != ""):
		return nil, usageError{errors.New("--tag and --where do not go with --all and --segment")}
	case b.Segment != "":
		kind, e.Segment = store.AudienceSegment, &b.Segment
	case len(b.Tag) > 0 || b.Where != "":
		kind, e.Tags = store.AudienceFiltered, &b.Tag
	case !b.All:
		return nil, usageError{errors.New("say who gets it: --all, --segment, --tag or --where")}
	}
	e.AudienceType = &kind
	return e, nil
}

// Run makes the draft.
func (b *broadcastCreate) Run(c *console) error {
	e, err := b.edit()
	if err != nil {
		return err
	}
	return b.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.CreateBroadcast(c.ctx, who, e)
		if err != nil {
			return err
		}
		one := broadcastOne{printing: b.printing}
		said := fmt.Sprintf("Draft %s is made. Look at who would get it: tidings broadcast audience %[1]s", x.ID)
		return one.show(c, ops, &x, nil, said)
	})
}
