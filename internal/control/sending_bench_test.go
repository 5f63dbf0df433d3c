package control_test

import (
	"fmt"
	"strings"
	"testing"

	"tidings/internal/control"
	"tidings/internal/send"
	"tidings/internal/sender"
	"tidings/internal/template"
)

// BenchmarkSending hands emails over to the file sender, on SQLite: they are claimed, rendered, composed, written and settled.
// Its mails/s leave out how they were asked for.
func BenchmarkSending(b *testing.B) {
	const mails = 5_000
	for b.Loop() {
		b.StopTimer()
		c := newControl(b)
		c.Compiled = template.NewCache(10)
		c.Outbox = &sender.Outbox{Folder: b.TempDir()}
		c.Outgoing = sender.NewRegistry(c.Store, sender.Deps{Outbox: c.Outbox})
		key, name, kind, subject := "news", "News", template.Transactional, "News for {{ name }}"
		body := `<style>p { color: #333; margin: 0 }</style><h1>Hello {{ name }}</h1>` +
			strings.Repeat(`<p>Some words of an email, as long as most of them are.</p>`+"\n", 60) +
			strings.Repeat(`<p><a href="https://app.test/start">Start</a></p>`+"\n", 5) +
			`<p><a href="{{ unsubscribeUrl }}">Unsubscribe</a></p>`
		_, err := c.CreateTemplate(b.Context(), operator, control.TemplateEdit{Key: &key, Name: &name, Type: &kind, Subject: &subject, Body: &body})
		must(b, err)
		for i := range mails / control.MaxRecipients {
			in := &control.SendRequest{Template: "news", From: &send.Mailbox{Address: "app@acme.test"}}
			for j := range control.MaxRecipients {
				in.To = append(in.To, send.Mailbox{Name: "Lea", Address: fmt.Sprintf("p%d.%d@acme%d.test", i, j, j)})
			}
			_, _, err := c.SendEmails(b.Context(), operator, in)
			must(b, err)
		}
		b.StartTimer()
		must(b, c.RunSends(b.Context()))
		b.StopTimer()
		page, err := c.Sends(b.Context(), operator, control.SendFilter{Statuses: []string{"queued", "uncertain", "failed", "handing"}, Limit: 1})
		if must(b, err); len(page.Sends) != 0 {
			b.Fatalf("%+v", page.Sends[0])
		}
		c.Outgoing.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(mails*b.N)/b.Elapsed().Seconds(), "mails/s")
}
