package api_test

import (
	"bytes"
	"database/sql"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"tidings/internal/control"
	"tidings/internal/store"
)

const otherProject = "prj_other"

// stranger is a key of another project, which has nothing.
func (s *server) stranger() (key string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", s.file)
	must(s.t, err)
	defer db.Close()
	_, err = db.ExecContext(s.t.Context(), `INSERT INTO projects (id, name, created_at) VALUES (?, 'Other', 0)`, otherProject)
	must(s.t, err)
	_, key, err = s.control.CreateKey(s.t.Context(), control.Actor{Project: otherProject, By: "cli", Door: "cli"}, "", store.SecretKey)
	must(s.t, err)
	return key
}

// tried are the operations with an id in their path that a stranger tried before they succeeded.
type tried struct {
	mu    sync.Mutex
	names map[string]bool
}

// watch lets a stranger send every request first whose path has an id. What then succeeds must have been 404 for them.
func (s *server) watch(key string, seen *tried) {
	served := s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, params, err := s.spec.FindRoute(r)
		if err != nil || len(params) == 0 || r.Header.Get("Authorization") != "Bearer "+s.secret {
			served.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		must(s.t, err)
		theirs := r.Clone(r.Context())
		theirs.Header.Set("Authorization", "Bearer "+key)
		theirs.Body, r.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
		refused, answered := httptest.NewRecorder(), httptest.NewRecorder()
		served.ServeHTTP(refused, theirs)
		served.ServeHTTP(answered, r)
		if answered.Code < 300 {
			if refused.Code != http.StatusNotFound {
				s.t.Errorf("%s %s of another project: %d %s", r.Method, r.URL, refused.Code, refused.Body)
			}
			seen.mu.Lock()
			seen.names[route.Operation.OperationID] = true
			seen.mu.Unlock()
		}
		maps.Copy(w.Header(), answered.Header())
		w.WriteHeader(answered.Code)
		_, _ = answered.Body.WriteTo(w)
	})
}

// looks are questions about one thing each.
var looks = map[string]func(s *server, src string) string{
	"getEvent": func(s *server, _ string) string { return "/events/" + s.firstID("/events", "events") },
	"getEventRaw": func(s *server, _ string) string {
		return "/events/" + s.firstID("/events?provider=ses", "events") + "/raw"
	},
	"getContact":       func(*server, string) string { return "/contacts/full@acme.test" },
	"getContactAccess": func(*server, string) string { return "/contacts/full@acme.test/access" },
	"getForm": func(s *server, _ string) string {
		var made struct{ ID string }
		s.call(http.MethodPost, "/forms", `{"name":"News"}`).want(http.StatusCreated).into(&made)
		return "/forms/" + made.ID
	},
	"getErasure": func(s *server, _ string) string {
		var made struct{ ID string }
		s.call(http.MethodPost, "/erasures", `{"email":"full@acme.test","note":"asked"}`).want(http.StatusAccepted).into(&made)
		return "/erasures/" + made.ID
	},
	"getContactExplanation": func(*server, string) string { return "/contacts/con_1/explanation" }, // of an address that nobody knows, it says so
	"listContactEvents":     func(*server, string) string { return "/contacts/full@acme.test/events" },
	"listConsents":          func(*server, string) string { return "/contacts/full@acme.test/consents" },
	"getMessage":            func(s *server, _ string) string { return "/messages/" + s.firstID("/messages", "messages") },
	"getMessageExplanation": func(s *server, _ string) string {
		return "/messages/" + s.firstID("/messages", "messages") + "/explanation"
	},
	"listMessageEvents":      func(s *server, _ string) string { return "/messages/" + s.firstID("/messages", "messages") + "/events" },
	"getSource":              func(_ *server, src string) string { return "/sources/" + src },
	"getSourceHealth":        func(_ *server, src string) string { return "/sources/" + src + "/health" },
	"listConfirmations":      func(_ *server, src string) string { return "/sources/" + src + "/confirmations" },
	"getReceipt":             func(s *server, _ string) string { return "/receipts/" + s.firstID("/receipts", "receipts") },
	"getReceiptRaw":          func(s *server, _ string) string { return "/receipts/" + s.firstID("/receipts", "receipts") + "/raw" },
	"getReplay":              func(s *server, _ string) string { return "/replays/" + s.startReplay() },
	"getSender":              func(s *server, _ string) string { return "/senders/" + s.newSender() },
	"getEndpoint":            func(s *server, _ string) string { return "/endpoints/" + s.newEndpoint("got").ID },
	"getEndpointFigures":     func(s *server, _ string) string { return "/endpoints/" + s.newEndpoint("counted").ID + "/figures" },
	"listEndpointReplays":    func(s *server, _ string) string { return "/endpoints/" + s.newEndpoint("replayed").ID + "/replays" },
	"getDispatch":            func(s *server, _ string) string { return "/dispatches/" + s.queued(s.newEndpoint("sent").ID) },
	"getExport":              func(s *server, _ string) string { return "/exports/" + s.newExport("got") },
	"listExportRuns":         func(s *server, _ string) string { return "/exports/" + s.newExport("ran") + "/runs" },
	"getRule":                func(s *server, _ string) string { return "/rules/" + s.newRule("Got").ID },
	"listRuleActs":           func(s *server, _ string) string { return "/rules/" + s.newRule("Acted").ID + "/acts" },
	"getWorkflow":            func(s *server, _ string) string { return "/workflows/" + s.newWorkflow("got") },
	"getWorkflowFigures":     func(s *server, _ string) string { return "/workflows/" + s.newWorkflow("counted") + "/figures" },
	"getWorkflowDiagram":     func(s *server, _ string) string { return "/workflows/" + s.newWorkflow("drawn") + "/diagram" },
	"listWorkflowVersions":   func(s *server, _ string) string { return "/workflows/" + s.newWorkflow("listed") + "/versions" },
	"getWorkflowDiff":        func(s *server, _ string) string { return "/workflows/" + s.newWorkflow("compared") + "/diff" },
	"listWorkflowExecutions": func(s *server, _ string) string { return "/workflows/" + s.newWorkflow("ran") + "/executions" },
	"getExecution": func(s *server, _ string) string {
		id, run := s.newRun("run")
		return "/workflows/" + id + "/executions/" + run
	},
	"getExecutionByID": func(s *server, _ string) string {
		_, run := s.newRun("run-alone")
		return "/executions/" + run
	},
	"getAlert":        func(s *server, _ string) string { return "/alerts/" + s.raised("got") },
	"getAlertRule":    func(s *server, _ string) string { return "/alert-rules/" + s.alertRule("Got") },
	"getAlertChannel": func(s *server, _ string) string { return "/alert-channels/" + s.alertChannel("got") },
	"getOutboxMail":   func(s *server, _ string) string { return "/outbox/" + s.written() },
	"getOutboxRaw":    func(s *server, _ string) string { return "/outbox/" + s.written() + "/raw" },
	"getTopic": func(s *server, _ string) string {
		topic, err := s.control.CreateTopic(s.t.Context(), operator, news)
		must(s.t, err)
		return "/topics/" + topic.ID
	},
	"getSend":              func(s *server, _ string) string { return "/sends/" + s.sends() },
	"getBroadcast":         func(s *server, _ string) string { return "/campaigns/" + s.broadcast() },
	"getBroadcastStats":    func(s *server, _ string) string { return "/campaigns/" + s.broadcast() + "/stats" },
	"getSegment":           func(s *server, _ string) string { return "/segments/" + s.everybody("Got") },
	"listSegmentContacts":  func(s *server, _ string) string { return "/segments/" + s.everybody("Listed") + "/contacts" },
	"getTemplate":          func(s *server, _ string) string { return "/templates/" + s.template() },
	"listTemplateVersions": func(s *server, _ string) string { return "/templates/" + s.template() + "/versions" },
	"getTemplateVersion":   func(s *server, _ string) string { return "/templates/" + s.template() + "/versions/1" },
	"explainSegment": func(s *server, _ string) string {
		return "/segments/" + s.everybody("Explained") + "/explanation?contact=full@acme.test"
	},
}

func (s *server) everybody(name string) string {
	return s.prepared(control.NewSegment{Name: name, Condition: []byte(everybody)})
}

// firstID is the id of the first of a list.
func (s *server) firstID(target, list string) string {
	s.t.Helper()
	var page map[string]any
	s.call(http.MethodGet, target, nil).want(http.StatusOK).into(&page)
	things, _ := page[list].([]any)
	if len(things) == 0 {
		s.t.Fatalf("%s has none", target)
	}
	first, _ := things[0].(map[string]any)
	id, _ := first["id"].(string)
	return id
}

// personDeeds are those of people, whose test has them in one go.
func personDeeds() map[string]deed {
	of := func(verb string) deed {
		return deed{do: func(s *server, _ string) string {
			var made struct{ ID string }
			s.call(http.MethodPost, "/people", `{"name":"lea"}`).want(http.StatusCreated).into(&made)
			s.call(http.MethodPost, "/people/"+made.ID+"/"+verb, nil).want(http.StatusOK)
			return made.ID
		}}
	}
	return map[string]deed{"resetPerson": of("reset"), "disablePerson": of("disable"), "enablePerson": of("enable")}
}

// lookAtAll looks at one thing of each kind. The contact is erased last: the others look at it.
func lookAtAll(s *server, src string) string {
	names := slices.Sorted(maps.Keys(looks))
	last := slices.Index(names, "getErasure")
	for _, name := range append(slices.Delete(names, last, last+1), "getErasure") {
		s.call(http.MethodGet, looks[name](s, src), nil).want(http.StatusOK)
	}
	return ""
}

func TestWhatAnotherProjectHasIsNotFoundOnAnyRoute(t *testing.T) {
	t.Parallel()
	all := deeds()
	maps.Copy(all, contactDeeds())
	maps.Copy(all, sendDeeds())
	maps.Copy(all, broadcastDeeds())
	maps.Copy(all, senderDeeds())
	maps.Copy(all, endpointDeeds())
	maps.Copy(all, ruleDeeds())
	maps.Copy(all, exportDeeds())
	maps.Copy(all, alertDeeds())
	maps.Copy(all, workflowDeeds())
	maps.Copy(all, personDeeds())
	all["looks"] = deed{do: lookAtAll}
	all["dryRunStoredWorkflow"] = deed{do: func(s *server, _ string) string {
		id := s.newWorkflow("tried")
		s.call(http.MethodPost, "/workflows/"+id+"/dry-run", map[string]any{}).want(http.StatusOK)
		return id
	}}
	seen := &tried{names: make(map[string]bool)}
	t.Run("routes", func(t *testing.T) {
		for name, d := range all {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newServer(t)
				src := s.newSource()
				s.take(src, life(t)...)
				s.watch(s.stranger(), seen)
				d.do(s, src.ID)
			})
		}
	})
	s := newServer(t)
	for path, item := range servedDocument(t, s).Paths.Map() {
		for method, o := range item.Operations() {
			ofPerson := strings.HasPrefix(path, "/ui/") // a key opens none of those
			if strings.Contains(path, "{") && !ofPerson && !seen.names[o.OperationID] {
				t.Errorf("nobody of another project tried %s %s: give %s a row in looks or deeds", method, path, o.OperationID)
			}
		}
	}
}

func TestListsHoldNothingOfAnotherProject(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	s.everybody("Everybody")
	s.startReplay()
	s.askedFor(s.keyID(), suppressedRecord)
	_, err := s.control.CreateTopic(t.Context(), operator, news)
	must(t, err)
	s.call(http.MethodPost, "/contacts", `{"email":"new@acme.test","tags":["vip"]}`).want(http.StatusCreated)
	s.call(http.MethodPost, "/suppressions", `{"address":"*@acme.test"}`).want(http.StatusOK)
	s.call(http.MethodPost, "/people", `{"name":"lea"}`).want(http.StatusCreated)
	s.written()
	s.newSender()
	s.queued(s.newEndpoint("seen").ID)
	s.newRule("Seen")
	s.newExport("exported")
	s.alertChannel("ops")
	s.raised("welcome")
	stranger := s.stranger()
	ours := []string{
		"acme.test", "src_", "seg_", "apr_", "rcp_", "rpl_", "rul_", "end_", "dsp_", "exp_", "vip", "news", `"lea"`, "con_1", "alc_", "alt_", "ann@",
	}
	same := []string{"/healthz", "/readyz", "/settings"} // the server's own
	for path, item := range servedDocument(t, s).Paths.Map() {
		get := item.Get
		if get == nil || strings.Contains(path, "{") || strings.HasPrefix(path, "/ui/") || slices.Contains(same, path) || path == "/feed" {
			continue
		}
		target := path + map[string]string{
			"/stats": "?by=name", "/stats/reasons": "?domain=acme.test", "/stats/reach": "?name=email.open&template=welcome",
		}[path]
		a := s.as(stranger, http.MethodGet, target, nil)
		for _, word := range ours {
			if bytes.Contains(bytes.ReplaceAll(a.body, []byte(target), nil), []byte(word)) && path != "/stats/reasons" {
				t.Errorf("%s shows %q to another project: %s", path, word, a.body)
			}
		}
		if a.status != http.StatusOK {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
}

func TestIDsOfAnotherProjectInABodyAreNotThere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	theirs, stranger := s.everybody("Everybody"), s.stranger()
	full, err := s.control.Contact(t.Context(), operator, "full@acme.test")
	must(t, err)
	s.as(stranger, http.MethodPost, "/contacts", `{"email":"mine@yonder.test"}`).want(http.StatusCreated)
	s.as(stranger, http.MethodPost, "/contacts/mine@yonder.test/merge", `{"from":"`+full.ID+`"}`).want(http.StatusNotFound)
	s.as(stranger, http.MethodPost, "/contacts/mine@yonder.test/merge", `{"from":"full@acme.test"}`).want(http.StatusNotFound)
	inside := `{"logic":"AND","groups":[{"filters":[{"field":"segment","operator":"memberOf","value":"` + theirs + `"}]}]}`
	s.as(stranger, http.MethodPost, "/segments", `{"name":"a","condition":`+inside+`}`).want(http.StatusUnprocessableEntity)
	s.as(stranger, http.MethodPost, "/segments/preview", `{"condition":`+inside+`}`).want(http.StatusUnprocessableEntity)
	var made struct{ ID string }
	s.as(stranger, http.MethodPost, "/segments", `{"name":"a","type":"STATIC"}`).want(http.StatusCreated).into(&made)
	var added struct {
		Added    int
		NotFound []string
	}
	s.as(stranger, http.MethodPost, "/segments/"+made.ID+"/members", `{"emails":["full@acme.test"]}`).want(http.StatusOK).into(&added)
	if added.Added != 0 || !slices.Equal(added.NotFound, []string{"full@acme.test"}) {
		t.Errorf("added %+v", added)
	}
	for _, target := range []string{"/events?contact=full@acme.test", "/events?contact=" + full.ID, "/messages?contact=" + full.ID} {
		a := s.as(stranger, http.MethodGet, target, nil).want(http.StatusOK)
		if bytes.Contains(a.body, []byte(`"id"`)) {
			t.Errorf("%s: %s", target, a.body)
		}
	}
}
