package mailgun

import (
	"bytes"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// record is one event: https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-structure. Fields that are
// not read are not listed, so their types may change. A form is read into the same fields.
type record struct {
	Event     provider.Text   `json:"event"`
	ID        provider.Text   `json:"id"`
	Timestamp provider.Text   `json:"timestamp"`
	Recipient provider.Text   `json:"recipient"`
	Severity  provider.Text   `json:"severity"`
	Reason    provider.Text   `json:"reason"`
	URL       provider.Text   `json:"url"`
	IP        provider.Text   `json:"ip"`
	Method    provider.Text   `json:"method"`
	Tags      provider.Texts  `json:"tags"`
	Variables provider.Labels `json:"user-variables"`

	Message  message  `json:"message"`
	Status   status   `json:"delivery-status"`
	Reject   reject   `json:"reject"`
	Client   client   `json:"client-info"`
	Template template `json:"template"`
	Account  account  `json:"account"`
	List     list     `json:"mailing-list"`
	Member   list     `json:"member"`
	Flags    flags    `json:"flags"`
	Geo      place    `json:"geolocation"`

	word string // the event word as written
}

type message struct {
	Headers    headers        `json:"headers"`
	Recipients provider.Texts `json:"recipients"`
}

type headers struct {
	MessageID provider.Text `json:"message-id"`
	From      provider.Text `json:"from"`
	To        provider.Text `json:"to"`
	Subject   provider.Text `json:"subject"`
}

type status struct {
	Code        provider.Text `json:"code"`
	Enhanced    provider.Text `json:"enhanced-code"`
	Bounce      provider.Text `json:"bounce-code"`
	Message     provider.Text `json:"message"`
	Description provider.Text `json:"description"`
	MXHost      provider.Text `json:"mx-host"`
	Attempt     provider.Text `json:"attempt-no"`
	Retry       provider.Text `json:"retry-seconds"`
}

type reject struct {
	Reason      provider.Text `json:"reason"`
	Description provider.Text `json:"description"`
}

type client struct {
	Name      provider.Text `json:"client-name"`
	OS        provider.Text `json:"client-os"`
	Type      provider.Text `json:"client-type"`
	Device    provider.Text `json:"device-type"`
	UserAgent provider.Text `json:"user-agent"`
	Bot       provider.Text `json:"bot"`
}

type template struct {
	Name provider.Text `json:"name"`
}

type account struct {
	ID provider.Text `json:"id"`
}

type list struct {
	Address provider.Text `json:"address"`
}

type flags struct {
	Test    provider.Flag `json:"is-test-mode"`
	Delayed provider.Flag `json:"is-delayed-bounce"`
}

type place struct {
	Country provider.Text `json:"country"`
	Region  provider.Text `json:"region"`
	City    provider.Text `json:"city"`
}

func readRecord(keep []byte) (*record, error) {
	rec := &record{}
	if bytes.HasPrefix(bytes.TrimSpace(keep), []byte("{")) {
		err := provider.DecodeJSON(keep, rec)
		rec.word = string(rec.Event)
		return rec, err
	}
	form, err := url.ParseQuery(string(keep))
	if err != nil {
		return nil, err
	}
	rec.readForm(form)
	return rec, nil
}

// recipients are whom the event is about. A rejected message names nobody but in its headers, and is rejected for all.
func (r *record) recipients() []string {
	if r.Recipient != "" {
		return []string{string(r.Recipient)}
	}
	if r.Member.Address != "" {
		return []string{string(r.Member.Address)}
	}
	all := []string(r.Message.Recipients)
	if len(all) == 0 && r.Message.Headers.To != "" {
		parsed, err := mail.ParseAddressList(string(r.Message.Headers.To))
		if err != nil {
			return []string{string(r.Message.Headers.To)}
		}
		for _, a := range parsed {
			all = append(all, a.Address)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(provider.KeyAddress(a), provider.KeyAddress(b)) })
	return slices.CompactFunc(all, func(a, b string) bool { return provider.KeyAddress(a) == provider.KeyAddress(b) })
}

func (r *record) drafts(src provider.Source) []event.Draft {
	at := provider.UnixTime(string(r.Timestamp))
	list := r.recipients()
	drafts := make([]event.Draft, 0, len(list))
	for _, to := range list {
		d := event.Draft{IdentityAt: at, Key: r.key(at, to, len(list) > 1)}
		d.OccurredAt, d.Recipient, d.Attribution = at, to, event.Exact
		d.Message = r.message(src)
		r.fill(&d.Event)
		drafts = append(drafts, d)
	}
	return drafts
}

// key is the natural key. Mailgun's id is unique within a day; a form has none.
func (r *record) key(at time.Time, to string, several bool) []string {
	if r.ID == "" {
		return []string{
			r.word, r.messageID(), provider.KeyAddress(to), string(r.Timestamp), string(r.URL), string(r.IP),
		}
	}
	key := []string{string(r.ID), at.Format(time.DateOnly)}
	if several {
		key = append(key, provider.KeyAddress(to))
	}
	return key
}

func (r *record) messageID() string { return provider.BareID(string(r.Message.Headers.MessageID)) }

// message is what the event says of its message; nil where it is about none.
func (r *record) message(src provider.Source) *event.Message {
	if r.messageID() == "" {
		return nil
	}
	m := &event.Message{
		ID: r.messageID(), Subject: string(r.Message.Headers.Subject), Account: string(r.Account.ID),
		Template: string(r.Template.Name), Tags: slices.Clone(r.Tags),
	}
	provider.SetFrom(m, string(r.Message.Headers.From))
	provider.ReadLabels(m, r.Variables, src)
	return m
}
