package control_test

import (
	"bytes"
	"strings"
	"testing"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/send"
)

func TestWhatNoMailCanHaveIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	m := newMailer(t, control.SettingsEdit{})
	const injected = "a\r\nBcc: all@acme.test"
	for field, change := range map[string]func(*control.SendRequest){
		"to":              func(r *control.SendRequest) { r.To[0].Address = "ann@acme.test\r\nBcc: all@acme.test" },
		"to ":             func(r *control.SendRequest) { r.To[0].Name = injected },
		"from":            func(r *control.SendRequest) { r.From = &send.Mailbox{Name: injected, Address: "app@send.test"} },
		"reply":           func(r *control.SendRequest) { r.ReplyTo = []send.Mailbox{{Address: "a@b.test>\n"}} },
		"subject":         func(r *control.SendRequest) { r.Subject = injected },
		"headers.X-Order": func(r *control.SendRequest) { r.Headers = []send.Header{{Name: "X-Order", Value: injected}} },
		"headers.X: a":    func(r *control.SendRequest) { r.Headers = []send.Header{{Name: "X: a", Value: "b"}} },
		"headers.bcc":     func(r *control.SendRequest) { r.Headers = []send.Header{{Name: "bcc", Value: "all@acme.test"}} },
		"attachments": func(r *control.SendRequest) {
			r.Attachments = []send.Attachment{{Name: "a", ContentType: "a/b", Content: bytes.Repeat([]byte("x"), 10<<20+1)}}
		},
		"body":     func(r *control.SendRequest) { r.HTML = "{{ a | nofilter }}" },
		"sender":   func(r *control.SendRequest) { r.Sender = "other" },
		"topic":    func(r *control.SendRequest) { r.Topic = "none" },
		"to[50]":   func(r *control.SendRequest) { r.To = append(make([]send.Mailbox, 50), r.To...) },
		"subject ": func(r *control.SendRequest) { r.Subject = "" },
	} {
		r := &control.SendRequest{To: []send.Mailbox{{Address: "ann@acme.test"}}, Subject: "Hi", HTML: "<p>Hi</p>"}
		change(r)
		_, _, err := m.SendEmails(t.Context(), operator, r)
		name, _, _ := strings.Cut(strings.TrimSpace(field), "[")
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", field, err)
		}
	}
	bound := operator
	bound.Bounds.Domains = []string{"other.test"}
	_, _, err := m.SendEmails(t.Context(), bound, &control.SendRequest{
		To: []send.Mailbox{{Address: "ann@acme.test"}}, Subject: "Hi", HTML: "x",
	})
	if err == nil || !strings.Contains(err.Error(), "may not send as") {
		t.Errorf("a sender domain that the key may not use: %v", err)
	}
	m.run()
	if n := len(m.peer.Mails()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}

func TestNamesOutsideASCIIAndMissingVariablesAreNoHindrance(t *testing.T) {
	t.Parallel()
	m := newMailer(t, control.SettingsEdit{})
	_, _, err := m.SendEmails(t.Context(), operator, &control.SendRequest{
		To:      []send.Mailbox{{Name: "Zo\u00eb \u674e", Address: "zoe@b\u00fccher.test"}},
		Subject: "Gr\u00f6\u00dfe {{ nothing }}", HTML: "<p>[{{ data.nothing.at.all }}]</p>",
	})
	must(t, err)
	m.run()
	mails := m.peer.Mails()
	if len(mails) != 1 || mails[0].To != "zoe@xn--bcher-kva.test" || !strings.Contains(string(mails[0].Data), "<p>[]</p>") {
		t.Errorf("mails %+v", mails)
	}
}
