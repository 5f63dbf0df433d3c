package main

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tidings/event"
	"tidings/internal/api"
	"tidings/internal/simulate"
)

// world serves an imagined world: it returns the database, the address of its server and a key to ask it with.
func world(t *testing.T) (db, address, key string) {
	t.Helper()
	dir := t.TempDir()
	db, certificate, signing := filepath.Join(dir, "tidings.db"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	address = serve(t, db)
	if r := tidings(t, "simulate", "--key-file", signing, "--certificate-out", certificate); r.code != 0 {
		t.Fatal(r.err)
	}
	src := must[sourceView](t, "source", "create", "--db", db, "--provider", "ses", "--name", "one",
		"--signing-certificate", certificate, "--topic", "arn:aws:sns:eu-west-1:123456789012:simulated-mail")
	must[simulate.Summary](t, "simulate", "--key-file", signing, "--url", "http://"+address+"/in/ses/"+src.Token,
		"--events", "600", "--recipients", "100", "--seed", "3")
	return db, address, must[keyView](t, "key", "create", "--db", db, "--kind", "secret").Key
}

// ask is the body of an answer of the API.
func ask(t *testing.T, address, key, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, res.StatusCode, b, err)
	}
	return string(b)
}

func TestTheCommandLinePrintsTheJSONOfTheAPI(t *testing.T) {
	t.Parallel()
	db, address, key := world(t)
	contacts := must[api.ContactPage](t, "contacts", "--db", db, "--limit", "1000", "--who", "suppressed")
	receipts := must[api.ReceiptPage](t, "receipts", "--db", db, "--limit", "1")
	if len(contacts.Data) == 0 || len(receipts.Receipts) != 1 {
		t.Fatal("the world suppressed nobody: the test proves nothing")
	}
	who, receipt := contacts.Data[0], receipts.Receipts[0].ID
	events := must[struct {
		Events []event.Event `json:"events"`
	}](t, "events", "--db", db, "--contact", who.ID)
	message := events.Events[0].Message.ID
	for path, args := range map[string]string{
		"/contacts?limit=50":                        "contacts",
		"/contacts?search=a&limit=3":                "contacts --search a --limit 3",
		"/contacts?search=@acme.test&limit=50":      "contacts --search @acme.test",
		"/contacts?suppressed=true&limit=50":        "contacts --who suppressed",
		"/contacts?subscribed=true&limit=50":        "contacts --who subscribed",
		"/contacts/" + who.ID:                       "contacts get " + who.Email,
		"/messages?limit=7":                         "messages --limit 7",
		"/messages?contact=" + who.ID + "&limit=50": "messages --contact " + who.Email,
		"/messages?template=news/weekly&limit=3":    "messages --template news/weekly --limit 3",
		"/messages/" + message:                      "messages get " + message,
		"/receipts?limit=2":                         "receipts --limit 2",
		"/receipts?problem=any&limit=50":            "receipts --problem any",
		"/receipts/" + receipt:                      "receipts get " + receipt,
		"/receipts?source=src_none&limit=50":        "receipts --source src_none",
		"/contacts?seenBefore=2020-01-01&limit=5":   "contacts --seen-before 2020-01-01 --limit 5",
	} {
		r := tidings(t, append(strings.Fields(args), "--db", db, "--json")...)
		if got := ask(t, address, key, path); r.code != 0 || strings.TrimSpace(r.out) != strings.TrimSpace(got) {
			t.Errorf("tidings %s: code %d\n%s%s\nGET %s:\n%s", args, r.code, r.out, r.err, path, got)
		}
	}
	if r := tidings(t, "receipts", "raw", "--db", db, receipt); strings.TrimSpace(r.out) != ask(t, address, key, "/receipts/"+receipt+"/raw") {
		t.Errorf("raw: %s", r.out)
	}
	again := must[api.Replayed](t, "receipts", "replay", "--db", db, "--retention-events", "0", receipt)
	if again.Receipts != 1 || again.New != 0 || again.Known == 0 {
		t.Errorf("the receipt again: %+v", again)
	}
}

func TestAPersonReadsWhyAContactGetsNoMail(t *testing.T) {
	t.Parallel()
	db, _, _ := world(t)
	contacts := must[api.ContactPage](t, "contacts", "--db", db, "--who", "suppressed", "--limit", "1")
	who := contacts.Data[0].Email
	r := tidings(t, "contacts", "get", "--db", db, strings.ToUpper(who))
	for _, want := range []string{
		who, "It gets no mail:", "its mail bounced for good (hard_bounce), since ", `tidings suppressions lift ` + who, "email.sent ",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("it does not say %q:\n%s%s", want, r.out, r.err)
		}
	}
	if r := tidings(t, "suppressions", "lift", "--db", db, who, "--note", "new mailbox"); r.code != 0 {
		t.Fatal(r.err)
	}
	r = tidings(t, "contacts", "get", "--db", db, who)
	if !strings.Contains(r.out, "It may be mailed.") || !strings.Contains(r.out, "new mailbox") {
		t.Errorf("after the lift:\n%s", r.out)
	}
}

func TestListsForPeopleHaveAColumnForEachThing(t *testing.T) {
	t.Parallel()
	db, _, _ := world(t)
	id := regexp.MustCompile(`(con|rcp|msg)_[0-9a-z]+`)
	for args, head := range map[string]string{
		"contacts --limit 2":        "CONTACT",
		"receipts --limit 2":        "RECEIVED",
		"contacts --search zzzzzzz": "CONTACT",
		"messages --limit 2":        "SENT",
	} {
		r := tidings(t, append(strings.Fields(args), "--db", db)...)
		if want := 2 * strings.Count(args, "2"); r.code != 0 || !strings.HasPrefix(r.out, head) || len(id.FindAllString(r.out, -1)) != want {
			t.Errorf("tidings %s: code %d\n%s%s", args, r.code, r.out, r.err)
		}
		if more := strings.Contains(r.out, "There is more: --cursor "); more != strings.Contains(args, "2") {
			t.Errorf("tidings %s: more %t\n%s", args, more, r.out)
		}
	}
	var v map[string]any
	r := tidings(t, "messages", "get", "--db", db, "msg_1", "--json")
	if err := json.Unmarshal([]byte(r.out), &v); err != nil || v["messages"] == nil {
		t.Errorf("message %s %v", r.out, err)
	}
	if r := tidings(t, "messages", "get", "--db", db, "msg_1"); !strings.Contains(r.out, "RECIPIENT") || !strings.Contains(r.out, "OCCURRED") {
		t.Errorf("message for people:\n%s%s", r.out, r.err)
	}
	for args, code := range map[string]int{
		"contacts get nobody@acme.test": exitNotFound, "messages get none": exitNotFound, "receipts get rcp_zz": exitNotFound,
		"receipts raw rcp_zz": exitNotFound, "receipts replay rcp_zz": exitNotFound, "contacts get lea": exitUsage,
		"contacts --who gone": exitUsage, "contacts --limit 1001": exitUsage, "receipts --problem A": exitUsage,
		"messages --contact lea": exitUsage, "messages --cursor x": exitUsage,
	} {
		if r := tidings(t, append(strings.Fields(args), "--db", db)...); r.code != code || r.err == "" {
			t.Errorf("tidings %s: code %d, want %d: %s", args, r.code, code, r.err)
		}
	}
}
