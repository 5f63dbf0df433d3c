package main

import (
	"io"
	"net/http"
	"os"
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
	"createSource":     {"source", "create", "--provider", "ses", "--name", "b", "--topic", "arn:aws:sns:eu-west-1:123456789012:b"},
	"rotateSource":     {"source", "rotate", "SRC"},
	"disableSource":    {"source", "disable", "SRC"},
	"enableSource":     {"source", "enable", "OFF"},
	"createKey":        {"key", "create", "--scope", "events:read", "--expires", "2999-01-01"},
	"revokeKey":        {"key", "revoke", "KEY"},
	"giveAWSPair":      {"key", "aws", "KEY"},
	"recount":          {"recount"},
	"createPerson":     {"person", "create", "lea"},
	"resetPerson":      {"person", "reset", "lea"},
	"disablePerson":    {"person", "disable", "LEA"},
	"enablePerson":     {"person", "enable", "lea"},
	"acknowledgeAlert": nil, "muteAlert": nil, "createAlertRule": nil, "updateAlertRule": nil, "deleteAlertRule": nil,
	"createAlertChannel": nil, "updateAlertChannel": nil, "deleteAlertChannel": nil, "testAlertChannel": nil, // of the API alone
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

	"createContact":   {"contacts", "set", "ann@acme.test", "plan=team"},
	"updateContact":   nil, // by an id or an external id: the API's test has one
	"decideSend":      {"sends", "decide", "SEND", "canceled"},
	"createBroadcast": {"broadcast", "create", "--name", "News", "--subject", "Hi", "--body", "BODY", "--from", "a@acme.test", "--all"},
	"updateBroadcast": nil, // is offered by the API alone, as the one after it
	"deleteBroadcast": nil,
	"testBroadcast":   nil, // the first email makes a source of ours, too: the API's test has one
	"sendBroadcast":   {"broadcast", "send", "DRAFT"},
	"pauseBroadcast":  {"broadcast", "pause", "DRAFT"},
	"resumeBroadcast": {"broadcast", "resume", "DRAFT"},
	"cancelBroadcast": {"broadcast", "cancel", "DRAFT"},
	"eraseContact":    {"erase", "ann@acme.test", "--note", "asked"},
	"deleteContact":   nil, // is offered by the API alone, as those after it
	"mergeContacts":   nil,
	"bulkContacts":    nil,
	"importContacts":  nil, // needs a file: the API's test has a list
	"setContactLimit": nil,
	"createTopic":     nil,
	"updateTopic":     nil,
	"deleteTopic":     nil,

	"liftSuppressionPattern": nil, // needs a pattern: the API's test has one
	"importEvents":           {"import", "testdata/import.ndjson", "--source", "SRC"},
	"approveAct":             nil, // needs an assistant: the end-to-end tests have one
	"refuseAct":              nil, // needs an assistant: the end-to-end tests have one
	"updateSegment":          nil, // is offered by the API alone
	"createSegment":          nil, // is offered by the API alone
	"deleteSegment":          nil, // is offered by the API alone
	"addSegmentMembers":      nil, // is offered by the API alone
	"removeSegmentMembers":   nil, // is offered by the API alone
	"computeSegment":         nil, // is offered by the API alone
	"createTemplate":         nil, // has a test of its own
	"updateTemplate":         nil, // has a test of its own
	"deleteTemplate":         nil, // is offered by the API alone
	"testTemplate":           nil, // has a test of its own
	"restoreTemplate":        nil, // is offered by the API alone
	"createForm":             {"form", "create", "--name", "News", "--single", "--field", "city!=City"},
	"updateForm":             nil, // is offered by the API alone
	"deleteForm":             {"form", "delete", "FORM"},
	"updateBrand":            {"brand", "set", "--name", "Acme", "--color", "#1f4fd8"},
	"createConfirmation":     nil, // is offered by the API alone
	"createSender":           {"sender", "create", "--name", "second", "--url", "smtps://lea:secret@mail.acme.test", "--rate", "5"},
	"updateSender":           {"sender", "update", "SENDER", "--from", "app@acme.test"},
	"testSender":             {"sender", "test", "SENDER", "--to", "ann@acme.test"},
	"deleteSender":           {"sender", "delete", "second"},
	"createEndpoint":         {"endpoint", "create", "--name", "second", "--to", "https://acme.test/", "--event", "email.*"},
	"updateEndpoint":         {"endpoint", "update", "ENDPOINT", "--per-second", "5"},
	"rotateEndpointSecret":   {"endpoint", "rotate", "ENDPOINT"},
	"testEndpoint":           nil, // has a test of its own
	"replayEndpoint":         {"endpoint", "replay", "AGAINPOINT", "--since", "2026-01-01T00:00:00Z"},
	"cancelEndpointReplay":   {"endpoint", "replay", "AGAINPOINT", "--cancel", "erp_1"},
	"retryDispatch":          nil, // needs what was sent: the API's test has some, as for the one after it
	"dropDispatch":           nil,
	"disableEndpoint":        {"endpoint", "disable", "ENDPOINT"},
	"enableEndpoint":         {"endpoint", "enable", "OFFPOINT"},
	"deleteEndpoint":         {"endpoint", "delete", "GONEPOINT"},
	"createExport":           nil, // is offered by the API alone, as those after it
	"updateExport":           nil,
	"deleteExport":           nil,
	"enableExport":           nil,
	"disableExport":          nil,
	"runExport":              nil,
	"createRule":             {"rule", "create", "testdata/rule.yaml"},
	"updateRule":             {"rule", "update", "Old", "testdata/rule_new.yaml"},
	"deleteRule":             {"rule", "delete", "Other"},
	"applyFiles":             {"apply", "testdata/apply"},
	"createWorkflow":         {"workflow", "create", "testdata/workflow_fresh.yaml", "--enable"},
	"updateWorkflow":         nil, // is offered by the API alone, as the one after it
	"duplicateWorkflow":      nil,
	"defineWorkflow":         {"workflow", "update", "old", "testdata/workflow_newer.yaml"},
	"enableWorkflow":         {"workflow", "enable", "off"},
	"disableWorkflow":        {"workflow", "disable", "old"},
	"deleteWorkflow":         {"workflow", "delete", "gone"},
	"startExecution":         {"workflow", "start", "off", "mia@acme.test"},
	"retryExecution":         nil, // needs a run that a server brought on, as the one after it: the API's test has one
	"skipExecution":          nil,
	"cancelExecution":        {"workflow", "cancel", "exe_2"},
	"moveExecutions":         {"workflow", "move", "old"},
	"setWorkflowSettings":    {"workflow", "settings", "--cap", "3", "--in", "7d"},
	"replay":                 nil, // has a test of its own
}

func TestEveryCommandThatChangesSomethingLeavesOneAct(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	create := append(cliDeeds["createSource"], "--db", db)
	src, off := must[sourceView](t, create...), must[sourceView](t, create...)
	must[sourceView](t, "source", "disable", "--db", db, off.ID)
	key := must[keyView](t, "key", "create", "--db", db, "--kind", "secret")
	form := must[api.Form](t, "form", "create", "--db", db, "--name", "Old")
	out := must[api.Sender](t, "sender", "create", "--db", db, "--name", "first", "--kind", "file")
	ends := make(map[string]string)
	for _, name := range []string{"first", "off", "gone", "again"} {
		ends[name] = must[api.Endpoint](t, "endpoint", "create", "--db", db, "--name", name, "--to", "https://acme.test/hooks").ID
	}
	must[api.Endpoint](t, "endpoint", "disable", "--db", db, "off")
	for _, file := range []string{"testdata/rule_old.yaml", "testdata/rule_other.yaml"} {
		must[api.Rule](t, "rule", "create", "--db", db, file)
	}
	for _, name := range []string{"old", "gone", "off"} {
		line := []string{"workflow", "create", "--db", db, "testdata/workflow_" + name + ".yaml"}
		if name == "old" {
			line = append(line, "--enable")
		}
		must[api.WorkflowDetails](t, line...)
	}
	must[any](t, "contacts", "set", "--db", db, "mia@acme.test")
	for range 2 {
		must[api.ExecutionDetails](t, "workflow", "start", "--db", db, "old", "mia@acme.test")
	}
	mail := must[api.SendAnswer](t, "send", "--db", db, "--to", "lea@acme.test", "--from", "app@acme.test", "--subject", "Hi", "--text", "Hi")
	body := filepath.Join(t.TempDir(), "body.html")
	if err := os.WriteFile(body, []byte("<p>Hi</p>"), 0o600); err != nil {
		t.Fatal(err)
	}
	draft := must[api.Broadcast](t, "broadcast", "create", "--db", db, "--name", "Old", "--subject", "Hi", "--body", body,
		"--from", "a@acme.test", "--all")
	ids := strings.NewReplacer("AGAINPOINT", ends["again"], "OFFPOINT", ends["off"], "GONEPOINT", ends["gone"], "ENDPOINT", ends["first"], "BODY", body, "DRAFT", draft.ID, "SENDER", out.ID, "SEND", mail.Data.Emails[0].Send, "FORM", form.ID, "SRC", src.ID, "OFF", off.ID, "KEY", key.ID)
	read := func() []api.Act { return must[api.ActPage](t, "audit", "--db", db, "--limit", "1000").Acts }
	for _, o := range control.Operations() {
		args, known := cliDeeds[o.Name]
		if o.Noted() && !known {
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
		{"sender", "list"},
		{"sender", "show", "first"},
		{"sends"},
		{"sends", "get", mail.Data.Emails[0].Send},
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
