package form

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/link"
)

// What the buttons of the pages of links do.
const (
	doUnsubscribe = "unsubscribe"
	doSubscribe   = "subscribe"
	doTopics      = "topics"
	doSnooze      = "snooze"
)

// linkVisit is one request by a link of an email.
type linkVisit struct {
	visit
	link link.Link
}

// open proves a link. It answers itself where that is none of ours, and returns nil.
func (d *door) open(w http.ResponseWriter, r *http.Request, token string, kind link.Kind) *linkVisit {
	if !allowed(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return nil
	}
	v := &linkVisit{visit: visit{door: d, w: w, r: r}}
	var ok bool
	var err error
	if v.link, ok, err = d.control.OpenLink(r.Context(), token, kind); err == nil && !ok {
		err = fault.Missing("this link leads nowhere")
	}
	if err == nil {
		v.brand, err = d.control.BrandOfLink(r.Context(), v.link)
	}
	if err != nil {
		v.fail(err)
		return nil
	}
	return v
}

func (v *linkVisit) visitor() control.Visitor {
	return control.Visitor{Client: control.ClientAddress(v.r), Agent: v.r.UserAgent()}
}

// values are what was posted, urlencoded or in parts. Mail programs are not strict about the kind they name.
func (v *linkVisit) values() (url.Values, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxBody)
	if kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" {
		if err := v.r.ParseMultipartForm(maxBody); err != nil {
			return nil, unreadable(err)
		}
		return v.r.MultipartForm.Value, nil
	}
	b, err := io.ReadAll(v.r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	values, err := url.ParseQuery(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, unreadable(err)
	}
	return values, nil
}

// unsubscribe is the page of the link by which a contact unsubscribes. What it shows does not depend on what is known of the
// contact, so that nobody learns it.
func (d *door) unsubscribe(w http.ResponseWriter, r *http.Request, token string) {
	v := d.open(w, r, token, link.Unsubscribe)
	if v == nil {
		return
	}
	more, err := d.control.PreferencesPage(r.Context(), v.link)
	if err != nil {
		v.fail(err)
		return
	}
	p := asks(token)
	if r.Method == http.MethodPost {
		if p, err = v.act(token); err != nil {
			v.fail(err)
			return
		}
	}
	p.More = more
	v.show(http.StatusOK, p)
}

// asks is the page that a GET shows: it changes nothing.
func asks(token string) *page {
	return &page{
		Title: anybody, Heading: "Do you want to unsubscribe?",
		Text:  "Then you get no more newsletters and offers. Mail that you need, such as receipts, still comes.",
		Parts: []part{{Action: control.UnsubscribePath + token, Does: doUnsubscribe, Button: "Unsubscribe"}},
	}
}

// act does what was posted.
func (v *linkVisit) act(token string) (*page, error) {
	values, err := v.values()
	if err != nil {
		return nil, err
	}
	ctx := v.r.Context()
	switch {
	case strings.EqualFold(strings.TrimSpace(values.Get("List-Unsubscribe")), "One-Click"):
		err = v.control.Unsubscribe(ctx, v.link, control.ByOneClick, v.visitor())
	case values.Get("action") == doUnsubscribe:
		err = v.control.Unsubscribe(ctx, v.link, control.ByPage, v.visitor())
	case values.Get("action") == doSubscribe:
		return &page{
			Title: anybody, Heading: "You are subscribed again", Text: "Welcome back. You can unsubscribe at any time.",
		}, v.control.Resubscribe(ctx, v.link)
	default: // nobody asked for anything
		return asks(token), nil
	}
	return &page{
		Title: anybody, Heading: "You are unsubscribed", Text: "You get no more newsletters and offers.",
		Parts: []part{{
			Action: control.UnsubscribePath + token, Does: doSubscribe, Button: "Subscribe me again", Plain: true,
		}},
	}, err
}

// preferences is the page on which a contact says what mail it wants.
func (d *door) preferences(w http.ResponseWriter, r *http.Request, token string) {
	v := d.open(w, r, token, link.Preferences)
	if v == nil {
		return
	}
	if r.Method != http.MethodPost {
		x, err := d.control.OpenPreferences(r.Context(), v.link)
		if err != nil {
			v.fail(err)
			return
		}
		v.show(http.StatusOK, chooses(token, &x))
		return
	}
	values, err := v.values()
	if err != nil {
		v.fail(err)
		return
	}
	x, err := d.control.ChangePreferences(r.Context(), v.link, editOf(values), v.visitor())
	if err != nil {
		v.fail(err)
		return
	}
	p := chooses(token, &x)
	p.Notice = notices[values.Get("action")]
	v.show(http.StatusOK, p)
}

// notices say what a button did.
var notices = map[string]string{
	doUnsubscribe: "You are unsubscribed.", doSubscribe: "You are subscribed again.", doTopics: "Your choice is saved.",
	doSnooze: "Your choice is saved.",
}

// editOf is what a button asks for.
func editOf(values url.Values) (e control.PreferenceEdit) {
	yes, no := true, false
	switch values.Get("action") {
	case doUnsubscribe:
		e.Subscribed = &no
	case doSubscribe:
		e.Subscribed = &yes
	case doTopics:
		e.Topics = append([]string{}, values["topic"]...)
	case doSnooze:
		e.Snooze = values.Get("snooze")
	}
	return e
}

// chooses is the page with all that there is to choose.
func chooses(token string, x *control.Preferences) *page {
	action := control.PreferencesPath + token
	p := &page{Title: anybody, Heading: "What mail do you want?"}
	if x.Unsubscribed {
		p.Text = "You are unsubscribed: you get no newsletters and offers."
		p.Parts = []part{{Action: action, Does: doSubscribe, Button: "Subscribe again"}}
		return p
	}
	if len(x.Topics) > 0 {
		topics := part{Action: action, Does: doTopics, Heading: "Topics", Button: "Save"}
		for _, t := range x.Topics {
			topics.Topics = append(topics.Topics, topic{t.Slug, t.Name, t.Description, t.Takes})
		}
		p.Parts = append(p.Parts, topics)
	}
	pause := part{
		Action: action, Does: doSnooze, Heading: "Take a break", Plain: len(x.Topics) > 0,
		Text:    "No newsletters and offers for a while, then we go on as before.",
		Choices: control.SnoozeChoices(), Button: "Pause",
	}
	if !x.SnoozedUntil.IsZero() {
		pause.Text = "You take a break until " + x.SnoozedUntil.UTC().Format("2 January 2006") + "."
		pause.Choices, pause.Snooze, pause.Button = nil, control.SnoozeEnd, "End the break"
	}
	p.Parts = append(p.Parts, pause, part{
		Action: action, Does: doUnsubscribe, Heading: "Enough?", Text: "Mail that you need, such as receipts, still comes.",
		Button: "Unsubscribe from all", Plain: true,
	})
	return p
}
