package control_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/internal/control"
	"tidings/internal/store"
)

const peopleList = "\xef\xbb\xbfEmail;subscribed;Tags;topics.news;firstName;amount;zip;since;more;id\r\n" +
	"Ann@Acme.test;yes;vip; trial ;false;=Ann;12.50;00123;2026-05-04;{\"a\":[1,2]};7\r\n" +
	"bob@acme.test;;;;\"true\"\"\";true;\"\"\"5\"\"\";+49 30;;\r\n" +
	"nobody;;;;;;;;;\r\n" +
	"eve@acme.test;perhaps;;;;;;;;\r\n" +
	"dan@acme.test;;;;;;;;{oops;\r\n" +
	"ann@acme.test;no;vip;;;;;;;\r\n" +
	"ann@acme.test;no;vip;;;;;;;\r\n"

func importContacts(t testing.TB, c *control.Control, list string, o control.ContactImportOptions) control.ImportedContacts {
	t.Helper()
	sum, err := c.ImportContacts(t.Context(), operator, strings.NewReader(list), o, nil)
	must(t, err)
	return sum
}

func TestAListOfContactsIsTypedOnItsWayIn(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		_, err := c.CreateTopic(t.Context(), operator, control.NewTopic{Name: "News"})
		must(t, err)
		list := strings.Replace(peopleList, "vip; trial ", `"vip; trial "`, 1)
		var report bytes.Buffer
		dry := importContacts(t, c, list, control.ContactImportOptions{DryRun: true, Report: &report})
		if dry.Created != 2 || dry.Updated != 2 || dry.Bad != 3 {
			t.Errorf("dry %+v", dry)
		}
		page, err := c.ListContacts(t.Context(), operator, control.ContactFilter{})
		if must(t, err); len(page.Contacts) != 0 {
			t.Errorf("a dry run made %d contacts", len(page.Contacts))
		}
		sum := importContacts(t, c, list, control.ContactImportOptions{})
		if sum.Lines != 7 || sum.Created != 2 || sum.Updated+sum.Same != 2 || sum.Bad != 3 {
			t.Errorf("%+v", sum)
		}
		if d := cmp.Diff(dry.BadLines, sum.BadLines); d != "" || strings.Count(report.String(), "\r\n") != 4 {
			t.Errorf("%s\n%s", d, report.String())
		}
		want := []string{"email", "subscribed", "tags", "topics.news", "data.firstName", "data.amount", "data.zip", "data.since", "data.more", ""}
		if d := cmp.Diff(want, sum.Columns); d != "" {
			t.Error(d)
		}
		ann, err := c.Contact(t.Context(), operator, "ann@acme.test")
		must(t, err)
		if got, want := string(ann.Attributes), `{"amount":12.50,"firstName":"=Ann","more":{"a":[1,2]},"since":"2026-05-04","zip":"00123"}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if strings.Join(ann.Tags, ",") != "trial,vip" || len(ann.Topics) != 1 || ann.Topics[0].Takes || !ann.State.Unsubscribed {
			t.Errorf("%+v", ann)
		}
		again := importContacts(t, c, list, control.ContactImportOptions{})
		if again.Created != 0 || again.Bad != 3 {
			t.Errorf("again %+v", again)
		}
		verified(t, c)
	})
}

func TestAListThatCannotBeReadIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	for list, says := range map[string]string{
		"name,plan\nAnn,team\n": "column email", "PK\x03\x04": "spreadsheet", "email,plan,plan\n": "mean the same",
		"email,topics.none\n": "no topic", "": "", "email,id,data.\n": "no name of an attribute", "\n\n": "none",
	} {
		_, err := c.ImportContacts(t.Context(), operator, strings.NewReader(list), control.ContactImportOptions{}, nil)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", list, err, says)
		}
	}
}

func TestAnExportIsReadBackAsItWas(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	_, err := c.CreateTopic(t.Context(), operator, control.NewTopic{Name: "News"})
	must(t, err)
	id, no, until := "=7", false, "2026-07-01T10:00:00Z"
	for _, e := range []control.ContactEdit{
		{Email: "=cmd@acme.test", Subscribed: &no, ExternalID: &id, Tags: []string{"a", "-b"}, Topics: map[string]bool{"news": false}, SnoozedUntil: &until},
		{Email: "b@acme.test", Data: values(t, `{"n":-1.5,"t":"12","quote":"\"x\"","b":true,"list":[1,"a"],"formula":"=1+1","space":" x ","email2":"true","é":"a&b\n'c"}`)},
	} {
		_, err := c.PutContact(t.Context(), operator, e)
		must(t, err)
	}
	first := exportOf(t, c)
	if strings.Contains(first, `"=1+1"`) || !strings.Contains(first, `"'=1+1"`) {
		t.Errorf("a formula stands there: %s", first)
	}
	d := newControl(t)
	_, err = d.CreateTopic(t.Context(), operator, control.NewTopic{Name: "News"})
	must(t, err)
	if sum := importContacts(t, d, first, control.ContactImportOptions{}); sum.Bad != 0 || sum.Created != 2 {
		t.Fatalf("%+v", sum)
	}
	for _, a := range []string{"=cmd@acme.test", "b@acme.test"} {
		if diff := cmp.Diff(essence(t, c, a), essence(t, d, a)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAListMakesABreakLongerAndNeverShorter(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		for _, x := range []struct{ cell, want string }{
			{"2026-07-01", "2026-07-01"}, {"2026-06-01T10:00:00Z", "2026-07-01"}, {"", "2026-07-01"}, {"2026-08-01", "2026-08-01"},
		} {
			importContacts(t, c, "email,snoozedUntil\nann@acme.test,"+x.cell+"\n", control.ContactImportOptions{})
			k, err := c.Contact(t.Context(), operator, "ann@acme.test")
			if must(t, err); k.SnoozedUntil.Format(time.DateOnly) != x.want {
				t.Errorf("%q: %v, want %s", x.cell, k.SnoozedUntil, x.want)
			}
		}
		sum := importContacts(t, c, "email,Snoozed Until\nann@acme.test,soon\n", control.ContactImportOptions{})
		if sum.Bad != 1 || sum.BadLines[0].Field != "snoozedUntil" {
			t.Errorf("%+v", sum)
		}
	})
}

func essence(t *testing.T, c *control.Control, address string) []any {
	t.Helper()
	k, err := c.Contact(t.Context(), operator, address)
	must(t, err)
	return []any{k.Address, string(k.Attributes), k.ExternalID, k.Tags, k.Topics, k.State.Unsubscribed, k.SnoozedUntil}
}

func exportOf(t testing.TB, c *control.Control) string {
	t.Helper()
	var b bytes.Buffer
	must(t, c.ExportContacts(t.Context(), operator, control.ContactFilter{}, control.CSV, &b))
	return b.String()
}

func values(t testing.TB, object string) (m map[string]json.RawMessage) {
	t.Helper()
	must(t, json.Unmarshal([]byte(object), &m))
	return m
}

func TestAnyAttributeSurvivesExportAndImport(t *testing.T) {
	t.Parallel()
	c, d := newControl(t), newControl(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "1", "-1", "1e5", "true", "null", "{", `"x"`, "'=1", "=1", " a", "2026-01-01"})).Draw(r, "text")
		raw, err := json.Marshal(text)
		must(t, err)
		address := "p@acme.test"
		edit := control.ContactEdit{Email: address, Data: map[string]json.RawMessage{"x": raw}}
		_, err = c.PutContact(t.Context(), operator, edit)
		must(t, err)
		if sum := importContacts(t, d, exportOf(t, c), control.ContactImportOptions{}); sum.Bad != 0 {
			r.Fatalf("%q: %+v", text, sum)
		}
		var a, b map[string]string
		for into, from := range map[*map[string]string]*control.Control{&a: c, &b: d} {
			k, err := from.Contact(t.Context(), operator, address)
			must(t, err)
			must(t, json.Unmarshal(k.Attributes, into))
		}
		if a["x"] != b["x"] {
			r.Fatalf("%q came back as %q", a["x"], b["x"])
		}
	})
}

func TestContactsThatWaitAreRemovedAfterADay(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		_, err := c.SetContactLimit(t.Context(), operator, 2)
		must(t, err)
		sum := importContacts(t, c, "email\na@x.test\nb@x.test\nc@x.test\nd@x.test\n", control.ContactImportOptions{})
		if sum.Created != 4 {
			t.Errorf("%+v", sum)
		}
		expect := func(what string, want store.ContactLimit) {
			t.Helper()
			l, err := c.ContactLimit(t.Context(), operator)
			if must(t, err); l != want {
				t.Errorf("%s: %+v, want %+v", what, l, want)
			}
		}
		expect("at first", store.ContactLimit{Limit: 2, Active: 2, Pending: 2})
		_, err = c.SetContactLimit(t.Context(), operator, 3)
		must(t, err)
		expect("with more room", store.ContactLimit{Limit: 3, Active: 3, Pending: 1})
		for _, at := range []struct {
			after   int
			pending int64
		}{{23, 1}, {24, 0}} {
			_, err = c.Store.SettlePending(t.Context(), now.Add(time.Duration(at.after)*time.Hour))
			must(t, err)
			expect("later", store.ContactLimit{Limit: 3, Active: 3, Pending: at.pending})
		}
		must(t, c.RemoveContact(t.Context(), operator, "a@x.test"))
		expect("with one less", store.ContactLimit{Limit: 3, Active: 2})
		verified(t, c)
	})
}
