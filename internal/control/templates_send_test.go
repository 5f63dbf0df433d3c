package control_test

import (
	"strings"
	"testing"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/send"
)

func TestATestOfATemplateGoesToWhoAsksWhateverTheySaidOfMail(t *testing.T) {
	t.Parallel()
	m := newMailer(t, control.SettingsEdit{})
	_, err := m.CreateTemplate(t.Context(), operator, control.TemplateEdit{
		Key: new("welcome"), Name: new("Welcome"), Type: new("MARKETING"),
		Subject: new("Hi {{ firstName | default: \"you\" }}"), Body: new("<p>{{ firstName }} {{ order }} {{ note }}</p>"),
	})
	must(t, err)
	_, _, err = m.SendEmails(t.Context(), operator, &control.SendRequest{ // ghost is a contact with data
		To: []send.Mailbox{{Address: "ghost@acme.test"}}, Subject: "x", HTML: "x",
		Data: []byte(`{"firstName":"Ghost","note":"{{ email }} {% raw %} <b>"}`),
	})
	must(t, err)
	m.run()
	ask := func(in control.TemplateTest) (control.SentEmail, string) {
		in.Template, in.To.Address = "welcome", "lea@acme.test"
		x, err := m.TestTemplate(t.Context(), operator, &in)
		must(t, err)
		m.run()
		mails := m.peer.Mails()
		return x, string(mails[len(mails)-1].Data)
	}
	x, got := ask(control.TemplateTest{Data: []byte(`{"order":17}`)})
	if x.Status != send.StatusQueued || !strings.Contains(got, "Subject: [Test] Hi you\r\n") || !strings.Contains(got, "17") {
		t.Errorf("%+v\n%s", x, got)
	}
	if item := m.sent(x.ID); item.Origin != "test" || item.Content.Label != "" {
		t.Errorf("it is stored as %+v", item)
	}
	_, got = ask(control.TemplateTest{Contact: "ghost@acme.test", Data: []byte(`{"order":18}`)})
	for _, want := range []string{"Subject: [Test] Hi Ghost\r\n", "To: lea@acme.test", "Ghost 18 {{ email }} {% raw %} &lt;b&gt;"} {
		if !strings.Contains(got, want) {
			t.Errorf("without %q:\n%s", want, got)
		}
	}
	_, err = m.Suppress(t.Context(), operator, control.NewSuppression{Address: "lea@acme.test", Note: "asked"})
	must(t, err)
	before := len(m.peer.Mails())
	if x, _ := ask(control.TemplateTest{}); x.Status != send.StatusSkipped || x.Reason != send.Suppressed || len(m.peer.Mails()) != before {
		t.Errorf("who is suppressed gets a test: %+v", x)
	}
	k, err := m.Store.Contact(t.Context(), operator.Project, "lea@acme.test")
	if err != nil || !k.State.Unsubscribed || len(k.Attributes) > 2 {
		t.Errorf("the contact is %+v, %v", k, err)
	}
	for field, in := range map[string]control.TemplateTest{
		"to": {Template: "welcome", To: send.Mailbox{Address: "nobody"}}, "data": {Template: "welcome", Data: []byte("[1]")},
		"contact": {Template: "welcome", Contact: "x@acme.test"}, "sender": {Template: "welcome", Sender: "other"},
	} {
		if in.To.Address == "" {
			in.To.Address = "lea@acme.test"
		}
		if _, err := m.TestTemplate(t.Context(), operator, &in); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), field) {
			t.Errorf("a wrong %s: %v", field, err)
		}
	}
	_, err = m.TestTemplate(t.Context(), operator, &control.TemplateTest{Template: "gone", To: send.Mailbox{Address: "lea@acme.test"}})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("a template that is not there: %v", err)
	}
}
