package receipt

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
)

// detail is what an event says that has no column of its own. The keys are stored: they are added to, never changed.
type detail struct {
	Bounce       *event.Bounce       `json:"b,omitzero"`
	Complaint    *event.Complaint    `json:"p,omitzero"`
	Delay        *delay              `json:"d,omitzero"`
	Delivery     *event.Delivery     `json:"y,omitzero"`
	Subscription *event.Subscription `json:"s,omitzero"`
	Reject       *event.Refusal      `json:"r,omitzero"`
	Failure      *event.Refusal      `json:"f,omitzero"`
	Open         *engagement         `json:"o,omitzero"`
	Click        *engagement         `json:"k,omitzero"`
	Client       *event.Client       `json:"c,omitzero"`
	Automation   *event.Automation   `json:"a,omitzero"`
	Bus          *event.Bus          `json:"u,omitzero"`
	Data         jsontext.Value      `json:"x,omitzero"`
}

// delay is event.Delay with its time in Unix milliseconds.
type delay struct {
	Reason       string `json:"reason,omitempty"`
	Until        int64  `json:"until,omitzero"`
	SMTPCode     int    `json:"smtpCode,omitzero"`
	EnhancedCode string `json:"enhancedCode,omitempty"`
	Diagnostic   string `json:"diagnostic,omitempty"`
}

// engagement is event.Engagement without First, which is a column.
type engagement struct {
	URL      string              `json:"url,omitempty"`
	LinkTags map[string][]string `json:"linkTags,omitempty"`
}

// compressFrom is the size of a detail in bytes from which compressing it pays: a frame alone takes ten.
const compressFrom = 64

var errData = errors.New("its data is not JSON")

// EncodeDetail makes the stored form of what an event says beyond its columns; nil where it says no more. The same
// event has the same bytes, always. It fails where Data is not JSON.
func (c *Codec) EncodeDetail(e *event.Event) ([]byte, error) {
	d := detail{
		Bounce: e.Bounce, Complaint: e.Complaint, Delay: storedDelay(e.Delay), Delivery: e.Delivery, Subscription: e.Subscription,
		Reject: e.Reject, Failure: e.Failure, Open: storedEngagement(e.Open), Click: storedEngagement(e.Click),
		Client: e.Client, Automation: e.Automation, Bus: e.Bus,
	}
	if len(e.Data) > 0 && !bytes.Equal(e.Data, []byte("{}")) {
		d.Data = jsontext.Value(e.Data)
	}
	text, err := json.Marshal(&d, json.Deterministic(true), jsontext.AllowInvalidUTF8(true),
		jsontext.AllowDuplicateNames(true))
	if err != nil {
		return nil, errData // only Data can fail; the decoder's own words differ from build to build
	}
	if len(text) == len("{}") {
		return nil, nil
	}
	if len(text) < compressFrom {
		return text, nil
	}
	out := make([]byte, 1, 32+len(text)/3)
	out[0] = c.detail.number
	if out = c.detail.zstd.EncodeAll(text, out); len(out) < len(text) {
		return out, nil
	}
	return text, nil
}

func storedDelay(d *event.Delay) *delay {
	if d == nil {
		return nil
	}
	return &delay{
		Reason: d.Reason, Until: unixMilli(d.Until), SMTPCode: d.SMTPCode, EnhancedCode: d.EnhancedCode,
		Diagnostic: d.Diagnostic,
	}
}

func (d *delay) load() *event.Delay {
	if d == nil {
		return nil
	}
	return &event.Delay{
		Reason: d.Reason, Until: timeOf(d.Until), SMTPCode: d.SMTPCode, EnhancedCode: d.EnhancedCode,
		Diagnostic: d.Diagnostic,
	}
}

func storedEngagement(e *event.Engagement) *engagement {
	if e == nil {
		return nil
	}
	return &engagement{URL: e.URL, LinkTags: e.LinkTags}
}

// DecodeDetail reads what EncodeDetail wrote into an event whose columns are set. First of an open or click is kept.
func (c *Codec) DecodeDetail(stored []byte, e *event.Event) error {
	text := stored
	if len(stored) == 0 {
		text = []byte("{}")
	} else if stored[0] != '{' {
		var err error
		if text, err = c.decoder.DecodeAll(stored[1:], nil); err != nil {
			return fmt.Errorf("decompress detail with dictionary %d: %w", stored[0], err)
		}
	}
	var d detail
	err := json.Unmarshal(text, &d, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil {
		return fmt.Errorf("decode detail: %w", err)
	}
	e.Bounce, e.Complaint, e.Delay = d.Bounce, d.Complaint, d.Delay.load()
	e.Delivery, e.Subscription = d.Delivery, d.Subscription
	e.Reject, e.Failure, e.Client, e.Automation = d.Reject, d.Failure, d.Client, d.Automation
	e.Bus = d.Bus
	e.Open, e.Click = loadedEngagement(d.Open, e.Open), loadedEngagement(d.Click, e.Click)
	e.Data = []byte("{}")
	if len(d.Data) > 0 {
		e.Data = []byte(d.Data)
	}
	return nil
}

func loadedEngagement(stored *engagement, columns *event.Engagement) *event.Engagement {
	if stored == nil {
		return columns
	}
	return &event.Engagement{First: columns != nil && columns.First, URL: stored.URL, LinkTags: stored.LinkTags}
}

// unixMilli and timeOf turn a time into a stored integer and back; 0 stands for no time.
func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// DetailText is what EncodeDetail wrote, as the JSON that it stands for; empty for nothing.
func (c *Codec) DetailText(stored []byte) ([]byte, error) {
	if len(stored) == 0 || stored[0] == '{' {
		return stored, nil
	}
	text, err := c.decoder.DecodeAll(stored[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("decompress detail with dictionary %d: %w", stored[0], err)
	}
	return text, nil
}
