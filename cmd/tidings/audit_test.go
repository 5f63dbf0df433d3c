package main

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// cliDeeds are the command lines of operations that change something. SRC and KEY stand for a source and a key.
var cliDeeds = map[string][]string{
	"createSource":        {"source", "create", "--provider", "ses", "--name", "b", "--topic", "arn:aws:sns:eu-west-1:123456789012:b"},
	"rotateSource":        {"source", "rotate", "SRC"},
	"disableSource":       {"source", "disable", "SRC"},
	"enableSource":        {"source", "enable", "OFF"},
	"createKey":           {"key", "create", "--scope", "events:read", "--expires", "2999-01-01"},
	"revokeKey":           {"key", "revoke", "KEY"},
	"recount":             {"recount"},
	"createPerson":        {"person", "create", "lea"},
	"resetPerson":         {"person", "reset", "lea"},
	"disablePerson":       {"person", "disable", "LEA"},
	"enablePerson":        {"person", "enable", "lea"},
	"signIn":              nil, // takes a browser, as do the four after it: the API's test has them
	"signOut":             nil,
	"acceptInvitation":    nil,
	"changePassword":      nil,
	"endSession":          nil,
	"liftSuppression":     nil, // needs a bounce: the API's test has one
	"confirmSubscription": nil, // needs a topic that asks: the API's test has one
	"updateSource":        {"source", "change", "SRC", "--name", "other"},
	"testSource":          nil, // needs a server: the API's test has one
	"addSuppression":      {"suppressions", "add", "ghost@acme.test"},
	"importSuppressions":  nil, // needs a file: the API's test has a list
	"startReplay":         nil, // is offered by the API alone
	"cancelReplay":        nil, // is offered by the API alone
	"replayReceipt":       nil, // needs a receipt: the API's test has one

	"liftSuppressionPattern": nil, // needs a pattern: the API's test has one
	"importEvents":           {"import", "testdata/import.ndjson", "--source", "SRC"},
	"approveAct":             nil, // needs an assistant: the end-to-end tests have one
	"refuseAct":              nil, // needs an assistant: the end-to-end tests have one
	"replay":                 nil, // has a test of its own
}

func TestEveryCommandThatChangesSomethingLeavesOneAct(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	create := append(cliDeeds["createSource"], "--db", db)
	src, off := must[sourceView](t, create...), must[sourceView](t, create...)
	must[sourceView](t, "source", "disable", "--db", db, off.ID)
	key := must[keyView](t, "key", "create", "--db", db, "--kind", "secret")
	ids := strings.NewReplacer("SRC", src.ID, "OFF", off.ID, "KEY", key.ID)
	read := func() []api.Act { return must[api.ActPage](t, "audit", "--db", db, "--limit", "1000").Acts }
	for _, o := range control.Operations() {
		args, known := cliDeeds[o.Name]
		if o.Changes() && !known {
			t.Errorf("nothing shows that %s is noted: give it a row in cliDeeds", o.Name)
		}
		if args == nil {
			continue
		}
		before := len(read())
		line := append(strings.Fields(ids.Replace(strings.Join(args, " "))), "--db", db)
		if r := tidings(t, line...); r.code != 0 {
			t.Errorf("tidings %s: %d %s", strings.Join(line, " "), r.code, r.err)
			continue
		}
		after := read()
		if x := after[0]; len(after) != before+1 || x.Operation != o.Name || x.By != "cli" || x.Door != "cli" {
			t.Errorf("%s: %d acts more, the newest %+v", o.Name, len(after)-before, x)
		}
	}
	before := len(read())
	for _, line := range [][]string{
		{"audit"},
		{"key", "list"},
		{"person", "list"},
		{"person", "enable", "lea"},
		{"source", "list"},
		{"source", "health", src.ID},
		{"events"},
		{"events", "names"},
		{"suppressions"},
		{"stats"},
		{"verify"},
		{"source", "disable", src.ID},
		{"key", "revoke", key.ID},
	} {
		if r := tidings(t, append(line, "--db", db)...); r.code != 0 {
			t.Errorf("tidings %s: %d %s", strings.Join(line, " "), r.code, r.err)
		}
	}
	if after := len(read()); after != before {
		t.Errorf("what reads, or changes nothing, left %d acts", after-before)
	}
}

func TestTheAuditLogIsTheSameThroughEveryDoor(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	address := serve(t, db)
	key := must[keyView](t, "key", "create", "--db", db, "--kind", "secret", "--name", "laptop")
	must[keyView](t, "key", "create", "--db", db, "--scope", "events:read", "--scope", "stats:read")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/audit?operation=createKey&limit=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key.Key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	printed := tidings(t, "audit", "--db", db, "--operation", "createKey", "--limit", "1", "--json")
	if diff := cmp.Diff(string(body)+"\n", printed.out); diff != "" || !strings.Contains(printed.out, "events:read, stats:read") {
		t.Errorf("the API and the command line (-api +cli): %s", diff)
	}
	table := tidings(t, "audit", "--db", db, "--limit", "1")
	for _, want := range []string{"OPERATION", "createKey", "scopes: events:read, stats:read", "There is more: --cursor "} {
		if !strings.Contains(table.out, want) {
			t.Errorf("the table lacks %q:\n%s", want, table.out)
		}
	}
	if r := tidings(t, "audit", "--db", db, "--operation", "listEvents", "--door", "window"); r.code != exitUsage ||
		!strings.Contains(r.err, "operation:") || !strings.Contains(r.err, "door:") {
		t.Errorf("wrong filters: %d %s", r.code, r.err)
	}
}

func TestAnActIsPutIntoWordsWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		act  api.Act
		want string
	}{
		{api.Act{}, ""},
		{api.Act{Note: "why"}, "why"},
		{api.Act{Changes: []api.ActChange{{Field: "token"}}}, "token changed"},
		{api.Act{Changes: []api.ActChange{{Field: "name", To: "b"}, {Field: "path", From: "a"}}}, "name: b; path: a → none"},
		{api.Act{Changes: []api.ActChange{{Field: "name", From: "a", To: "b"}}, Note: "why"}, "name: a → b; why"},
	} {
		if got := actInWords(c.act); got != c.want {
			t.Errorf("%+v: %q, want %q", c.act, got, c.want)
		}
	}
}

func TestAKeyOfTheCommandLineIsHeldToItsScopes(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	made := must[keyView](t, "key", "create", "--db", db, "--scope", "stats:read", "--scope", "events:read", "--expires", "2999-01-01")
	if made.Kind != store.SecretKey || strings.Join(made.Scopes, " ") != "events:read stats:read" || made.ExpiresAt.Year() != 2999 {
		t.Errorf("key %+v", made)
	}
	for _, args := range [][]string{{}, {"--scope", "all"}, {"--kind", "public", "--scope", "read"}, {"--kind", "secret", "--expires", "1999-01-01"}} {
		if r := tidings(t, append([]string{"key", "create", "--db", db}, args...)...); r.code != exitCodes[fault.Invalid] {
			t.Errorf("%v: code %d, %s", args, r.code, r.err)
		}
	}
	if r := tidings(t, "key", "list", "--db", db); !strings.Contains(r.out, "events:read stats:read") || !strings.Contains(r.out, "2999-01-01") {
		t.Errorf("the list:\n%s", r.out)
	}
}
