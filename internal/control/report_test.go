package control_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

const bounceMail = `From: MAILER-DAEMON@mx.acme.test
Date: Mon, 4 May 2026 10:12:03 +0000
Message-ID: <r1@mx.acme.test>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.test

Final-Recipient: rfc822; ghost@acme.test
Action: failed
Status: 5.1.1
--b--
`

func TestAReportHandedOverIsStoredOnceAndSuppresses(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	made, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "bounces", Provider: "dsn", Settings: source.Settings{BasicAuth: []string{"postfix:secret"}},
	})
	must(t, err)
	first, err := c.TakeReport(t.Context(), operator, made.ID, []byte(bounceMail))
	must(t, err)
	// The second is the same mail with another line of transport: another receipt, the same fact.
	second, err := c.TakeReport(t.Context(), operator, made.ID, []byte("Received: by mx.send.test\n"+bounceMail))
	must(t, err)
	if first.New != 1 || second.New != 0 || second.Known != 1 {
		t.Errorf("stored %+v, then %+v", first, second)
	}
	person, err := c.ListContacts(t.Context(), operator, control.ContactFilter{Suppressed: "true"})
	must(t, err)
	if len(person.Contacts) != 1 || person.Contacts[0].Address != "ghost@acme.test" {
		t.Errorf("suppressed: %+v", person.Contacts)
	}
}

func TestAReportIsNotTakenWhereItCantBeStored(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	of := func(slug string, set source.Settings) string {
		made, err := c.CreateSource(t.Context(), operator, control.NewSource{Name: slug, Provider: slug, Settings: set})
		must(t, err)
		return made.ID
	}
	ses, bounces, off := of("ses", source.Settings{Topics: []string{topic}}), of("dsn", source.Settings{}), of("dsn", source.Settings{})
	_, err := c.DisableSource(t.Context(), operator, off)
	must(t, err)
	take := func(id, mail string) error {
		_, err := c.TakeReport(t.Context(), operator, id, []byte(mail))
		return err
	}
	for what, err := range map[string]error{
		"not_found": take("src_none", bounceMail), "conflict": take(off, bounceMail), "invalid": take(ses, bounceMail),
	} {
		if fault.KindOf(err).String() != what {
			t.Errorf("want %s, got %v", what, err)
		}
	}
	err = take(bounces, "hello")
	if r, ok := errors.AsType[*provider.Refusal](err); !ok || r.Code != "not_a_message" {
		t.Errorf("no message: %v", err)
	}
	broken := errors.New("disk full")
	c.Commit = func(context.Context, []*receipt.Entry) error { return broken }
	if err := take(bounces, bounceMail); !errors.Is(err, broken) {
		t.Errorf("a failing commit: %v", err)
	}
}

func TestASourceOfReportsSaysWhatItCantUse(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	_, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "bounces", Provider: "dsn", Path: "bounces", Settings: source.Settings{Secrets: []string{"s"}},
	})
	if got := fields(err); !slices.Equal(got, []string{"path", "settings.secrets"}) || !strings.Contains(err.Error(), "basicAuth") {
		t.Errorf("complains of %v: %v", got, err)
	}
}
