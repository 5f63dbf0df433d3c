package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/internal/api"
)

func TestWhatIsSentFromTheCommandLineIsWhatTheAPITellsOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "tidings.db")
	address := serve(t, db)
	key := must[keyView](t, "key", "create", "--db", db, "--kind", "secret").Key
	file := filepath.Join(dir, "notes.bin")
	if err := os.WriteFile(file, []byte("<p>Hi {{ name }}</p>"), 0o600); err != nil {
		t.Fatal(err)
	}
	line := []string{
		"send", "--db", db, "--to", "Lea <lea@acme.test>", "--to", "mia@acme.test", "--from", "app@acme.test", "--subject", "Hi {{ name }}",
		"--body", "@" + file, "--attach", file, "--header", "X-Order=1=2", "--metadata", "order=17", "--tag", "a,b",
		"--data", `{"plan":"team"}`, "--scheduled-for", "2999-01-01T00:00:00Z",
	}
	if r := tidings(t, line...); r.code != 2 || !strings.Contains(r.err, "scheduledFor: is more than a year ahead") {
		t.Errorf("in a thousand years: %d %s", r.code, r.err)
	}
	line = append(line[:len(line)-1], time.Now().AddDate(0, 0, 2).UTC().Format(time.RFC3339), "--idempotency-key", "once")
	sent := must[api.SendAnswer](t, line...)
	again := must[api.SendAnswer](t, line...)
	if len(sent.Data.Emails) != 2 || again.Data.Emails[1].Send != sent.Data.Emails[1].Send {
		t.Fatalf("sent %+v, again %+v", sent, again)
	}
	id := sent.Data.Emails[0].Send
	for path, args := range map[string]string{
		"/sends?limit=50":                             "sends",
		"/sends?limit=1":                              "sends --limit 1",
		"/sends?contact=mia@acme.test&limit=50":       "sends --contact mia@acme.test",
		"/sends?status=sent&status=uncertain&limit=5": "sends --status sent,uncertain --limit 5",
		"/sends/" + id:                                "sends get " + id,
	} {
		r := tidings(t, append(strings.Fields(args), "--db", db, "--json")...)
		if got := ask(t, address, key, path); r.code != 0 || strings.TrimSpace(r.out) != strings.TrimSpace(got) {
			t.Errorf("tidings %s: code %d\n%s%s\nGET %s:\n%s", args, r.code, r.out, r.err, path, got)
		}
	}
	decided := must[api.Send](t, "sends", "decide", "--db", db, id, "canceled", "--note", "wrong order")
	if decided.Status != "canceled" || decided.Problem != "wrong order" {
		t.Errorf("decided: %+v", decided)
	}
	for args, want := range map[string]string{
		"sends":                        "lea@acme.test  canceled",
		"sends get " + id:              "note       wrong order",
		"sends --status nonsense":      "there is no status",
		"sends get snd_none":           "there is no send",
		"sends decide " + id + " sent": "is canceled and can't be made sent",
		"send --to lea@acme.test --subject Hi --text @/none --from app@acme.test":               "read --text",
		"send --to lea@acme.test --subject Hi --text Hi":                                        "from: is required",
		"send --to lea@acme.test --subject Hi --text {{ --from app@acme.test":                   "text: line 1, column 1",
		"send --to lea@acme.test --subject Hi --text Hi --from app@acme.test --sender none":     "there is no sender",
		"send --to lea@acme.test --subject Hi --text Hi --from app@acme.test --dry-run":         "nothing is stored or sent",
		"send --to lea@acme.test --template none --from app@acme.test --no-transactional":       `there is no template "none"`,
		"send --to lea@acme.test --subject {{plan}}! --text Hi --from app@acme.test --dry-run":  "Subject: team!",
		"send --to lea@acme.test --subject Hi --text Hi --from app@acme.test --data notes":      "data",
		"send --to lea@acme.test --subject Hi --text Hi --from app@acme.test --header Date=now": "headers.Date",
	} {
		r := tidings(t, append(strings.Fields(args), "--db", db)...)
		if !strings.Contains(r.out+r.err, want) {
			t.Errorf("tidings %s: %d\n%s%s\nwant %q", args, r.code, r.out, r.err, want)
		}
	}
}
