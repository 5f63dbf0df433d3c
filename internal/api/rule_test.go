package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/job"
	"tidings/internal/store"
)

// aRule is a rule that needs nothing beside it.
func aRule(name, event string) string {
	return "name: " + name + "\non:\n  event: " + event + "\ndo:\n- subscribe:\n    tags: [seen]\n"
}

func (s *server) newRule(name string) api.Rule {
	s.t.Helper()
	v, err := s.control.CreateRule(s.t.Context(), operator, control.RuleText{Text: aRule(name, "order.paid")})
	must(s.t, err)
	return api.RuleOf(&v)
}

// ruleDeeds are calls of every operation on rules that changes something.
func ruleDeeds() map[string]deed {
	return map[string]deed{
		"createRule": {made("/rules", map[string]any{"rule": aRule("Seen", "order.paid")}), "name →Seen, definition →"},
		"updateRule": {func(s *server, _ string) string {
			x := s.newRule("Old")
			s.call(http.MethodPatch, "/rules/"+x.ID, map[string]any{"rule": aRule("New", "order.paid"), "version": 1}).
				want(http.StatusOK)
			return x.ID
		}, "name Old→New"},
		"deleteRule": {func(s *server, _ string) string {
			x := s.newRule("Gone")
			s.call(http.MethodDelete, "/rules/Gone", nil).want(http.StatusNoContent)
			return x.ID
		}, "name Gone→"},
		"applyFiles": {func(s *server, _ string) string {
			var p api.Plan
			s.call(http.MethodPost, "/apply", folder(false, "rules/a.yaml", "rules:\n- "+indent(aRule("Applied", "order.paid")))).
				want(http.StatusOK).into(&p)
			var x api.Rule
			s.call(http.MethodGet, "/rules/Applied", nil).want(http.StatusOK).into(&x)
			return x.ID
		}, "name →Applied, definition →"},
	}
}

// indent makes a rule an entry of a list.
func indent(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// folder is the body of a request that applies files: paths and texts in turn.
func folder(dry bool, pairs ...string) map[string]any {
	files := []map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		files = append(files, map[string]string{"path": pairs[i], "text": pairs[i+1]})
	}
	return map[string]any{"files": files, "dryRun": dry}
}

func badRules() []badRequest {
	const post = http.MethodPost
	return []badRequest{
		{name: "rule of nothing", method: post, target: "/rules", body: `{"rule":""}`, status: 422},
		{name: "rule that is no YAML", method: post, target: "/rules", body: `{"rule":"name: ["}`, status: 422},
		{name: "rule with everything wrong", method: post, target: "/rules", body: map[string]any{
			"rule": "name: ''\non:\n  event: [email.bounce, 'two words']\n  class: soggy\n  verdict: robot\n  within: soon\n  source: none\n" +
				"perHour: -1\nmapping:\n  email: detail.email\ndo:\n- send:\n    template: none\n    sender: none\n    topic: none\n" +
				"    from: nobody\n    delay: never\n- start:\n    workflow: \"\"\n- {}\n",
		}, status: 422},
		{name: "rule that names what is not there", method: post, target: "/rules", body: map[string]any{
			"rule": "name: a\non:\n  event: order.paid\n  source: none\nif:\n  logic: AND\n  groups:\n  - filters:\n" +
				"    - field: segment\n      operator: memberOf\n      value: seg_none\ndo:\n- send:\n    template: none\n    sender: none\n" +
				"    topic: none\n- subscribe:\n    topics: [none]\n",
		}, status: 422},
		{name: "rule with an unknown field", method: post, target: "/rules", body: `{"rule":"name: a\nwhen: now\n"}`, status: 422},
		{name: "rule that is not there", method: http.MethodGet, target: "/rules/rul_none", status: 404},
		{name: "change of a rule that is not there", method: http.MethodPatch, target: "/rules/rul_none", body: map[string]any{
			"rule": aRule("a", "order.paid"),
		}, status: 404},
		{name: "acts of a rule with a wrong cursor", method: http.MethodGet, target: "/rules/rul_none/acts?cursor=ZQ&limit=201", status: 422},
		{name: "trial of a wrong rule", method: post, target: "/rules/try", body: `{"rule":"name: a\n","since":"soon","limit":101}`, status: 422},
		{name: "apply of nothing", method: post, target: "/apply", body: `{"files":[]}`, status: 422},
		{name: "apply without a rule", method: post, target: "/apply", body: folder(false, "README.md", "x"), status: 422},
	}
}

func TestAFolderOfRulesIsPlannedAppliedAndPruned(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.newRule("By the API")
	apply := func(dry bool, pairs ...string) (p api.Plan) {
		s.call(http.MethodPost, "/apply", folder(dry, pairs...)).want(http.StatusOK).into(&p)
		return p
	}
	told := func(p api.Plan) string {
		var words []string
		for _, x := range p.Items {
			words = append(words, x.Name+" "+x.Action)
		}
		return strings.Join(words, ", ")
	}
	two := []string{
		"rules/a.yaml", "rules:\n- " + indent(aRule("A", "order.paid")), "rules/deep/b.yml", "rules:\n- " + indent(aRule("B", "order.*")),
		"README.md", "",
	}
	if p := apply(true, two...); told(p) != "A create, B create" || p.Applied || len(p.Ignored) != 1 {
		t.Errorf("plan %+v", p)
	}
	if p := apply(false, two...); !p.Applied {
		t.Errorf("applied %+v", p)
	}
	if p := apply(false, two...); told(p) != "A same, B same" || p.Applied {
		t.Errorf("again %+v", p)
	}
	p := apply(false, "rules/a.yaml", "rules:\n- "+indent(aRule("A", "order.sent"))+"- "+indent(aRule("By the API", "order.paid")))
	if told(p) != "A update, B delete, By the API update" || !strings.Contains(p.Items[0].Diff, "-  event: order.paid\n+  event: order.sent\n") {
		t.Errorf("changed %+v", p)
	}
	p = apply(false, "rules/a.yaml", "rules:\n- name: A\n  on: {}\n- name: A\n", "workflows/w.yaml", "steps: []\n")
	if p.Applied || len(p.Problems) < 4 || p.Problems[0].Line == 0 || p.Problems[0].Path != "rules/a.yaml" {
		t.Errorf("with problems %+v", p)
	}
	var list api.RuleList
	s.call(http.MethodGet, "/rules", nil).want(http.StatusOK).into(&list)
	if len(list.Rules) != 2 || list.Rules[0].Origin != "files" || list.Rules[1].Origin != "files" || list.Rules[0].Version != 2 {
		t.Errorf("rules %+v", list)
	}
}

func TestARuleThatSomebodyChangedInBetweenIsNotOverwritten(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	x := s.newRule("A")
	s.call(http.MethodPatch, "/rules/A", map[string]any{"rule": aRule("A", "order.sent"), "version": x.Version}).want(http.StatusOK)
	a := s.call(http.MethodPatch, "/rules/A", map[string]any{"rule": aRule("A", "order.lost"), "version": x.Version})
	if a.status != http.StatusConflict || !strings.Contains(string(a.body), "error:changed") {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.newRule("B")
	a = s.call(http.MethodPatch, "/rules/B", map[string]any{"rule": aRule("A", "order.paid")})
	if a.status != http.StatusConflict || !strings.Contains(string(a.body), "error:name_taken") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// runRules does the work of rules that waits.
func (s *server) runRules() (jobs int) {
	s.t.Helper()
	for {
		list, err := s.store.ClaimJobs(s.t.Context(), job.ClaimQuery{
			Rooms: []job.Room{{Kind: store.RuleKind, Limit: 10}}, Limit: 10, Lease: "test", Now: s.Now(), Until: s.Now().Add(time.Hour),
		})
		must(s.t, err)
		if len(list) == 0 {
			return jobs
		}
		for _, j := range list {
			jobs++
			s.pass(time.Millisecond)
			must(s.t, s.control.RunRules(s.t.Context(), j.Payload))
			must(s.t, s.control.RunRules(s.t.Context(), j.Payload)) // a job may run again
		}
	}
}

func (s *server) tracks(event, email, data string) {
	s.t.Helper()
	s.call(http.MethodPost, "/v1/track", `{"event":"`+event+`","email":"`+email+`","data":`+data+`}`).want(http.StatusOK)
}

func (s *server) actsOf(rule string) (acts []string) {
	s.t.Helper()
	var list api.RuleActList
	s.call(http.MethodGet, "/rules/"+url.PathEscape(rule)+"/acts", nil).want(http.StatusOK).into(&list)
	for _, x := range list.Acts {
		acts = append(acts, strings.TrimSpace(x.Action+" "+x.Outcome+" "+x.Detail))
	}
	return acts
}

func TestARuleSendsSubscribesAndUnsubscribesOnceForEachEvent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPost, "/templates", `{"key":"welcome","name":"Welcome","subject":"Hi {{ firstName }}","type":"MARKETING",
		"body":"<p>{{ event.plan }} {{ data.plan }} {{ tier }}</p>","from":"app@acme.test"}`).want(http.StatusCreated)
	var made api.Rule
	s.call(http.MethodPost, "/rules", map[string]any{"rule": `
name: Welcome
on:
  event: account.created
  where:
  - field: data.plan
    operator: equals
    value: team
mapping:
  email: $.detail.user.email
  firstName: $.detail.user.name
  attributes: $.detail.more
do:
- send: {template: welcome, subject: "Welcome, {{ firstName }}"}
- subscribe: {tags: [customer], attributes: {tier: gold}}
`}).want(http.StatusCreated).into(&made)
	s.call(http.MethodPost, "/rules", map[string]any{"rule": `
name: Farewell
on: {event: account.deleted}
do:
- unsubscribe: {}
`}).want(http.StatusCreated)
	s.tracks("account.created", "lea@acme.test", `{"plan":"team","user":{"email":"Ann@acme.test","name":"Ann"},"more":{"seats":3}}`)
	s.tracks("account.created", "lea@acme.test", `{"plan":"free","user":{"email":"bob@acme.test"}}`)
	s.tracks("account.created", "lea@acme.test", `{"plan":"team","user":"nobody"}`)
	s.tracks("nothing.asks", "lea@acme.test", `{}`)
	if n := s.runRules(); n != 3 {
		t.Errorf("%d jobs", n)
	}
	var ann api.Contact
	s.call(http.MethodGet, "/contacts/ann@acme.test", nil).want(http.StatusOK).into(&ann)
	if raw, _ := json.Marshal(ann.Data); string(raw) != `{"firstName":"Ann","seats":3,"tier":"gold"}` || !ann.Subscribed {
		t.Errorf("ann: %s %+v", raw, ann)
	}
	var sends struct{ Sends []api.Send }
	s.call(http.MethodGet, "/sends", nil).want(http.StatusOK).into(&sends)
	if len(sends.Sends) != 1 || sends.Sends[0].Origin != "rule:"+made.ID || sends.Sends[0].Status != "queued" {
		t.Errorf("sends %+v", sends)
	}
	want := []string{
		"subscribe failed $.detail.user.email finds no text", "send failed $.detail.user.email finds no text", "subscribe done", "send done",
	}
	if got := s.actsOf("Welcome"); strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("acts %q", got)
	}
	s.tracks("account.deleted", "ann@acme.test", `{}`)
	s.tracks("account.created", "lea@acme.test", `{"plan":"team","user":{"email":"ann@acme.test"}}`)
	s.runRules()
	var seen api.RuleList
	s.call(http.MethodGet, "/rules", nil).want(http.StatusOK).into(&seen)
	for _, x := range seen.Rules {
		if len(x.Problems) > 0 || x.Acted.LastAt.IsZero() {
			t.Errorf("%+v", x)
		}
	}
	s.call(http.MethodDelete, "/templates/welcome", nil).want(http.StatusConflict)
}

func TestMailshotsSubscriberSubscribedSubscribesWithTagsAndAttributes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	page, err := os.ReadFile("../../docs/rules.md")
	must(t, err)
	_, text, _ := strings.Cut(string(page), "  - name: Mailshot's")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("docs/rules.md has no rule for subscriber.subscribed")
	}
	s.call(http.MethodPost, "/apply", folder(false, "rules/mailshot.yaml", "rules:\n  - name: Mailshot's"+text)).want(http.StatusOK)
	s.tracks("subscriber.subscribed", "ann@acme.test",
		`{"email":"ann@acme.test","firstName":"Ann","attributes":{"plan":"team"},"tags":["beta",7,"","vip"]}`)
	s.runRules()
	var ann api.Contact
	s.call(http.MethodGet, "/contacts/ann@acme.test", nil).want(http.StatusOK).into(&ann)
	if !ann.Subscribed || strings.Join(ann.Tags, " ") != "beta vip" {
		t.Errorf("%+v %v", ann, s.actsOf("Mailshot's subscriber.subscribed"))
	}
}

func TestARuleTriedOnStoredEventsTellsWhatItWouldDoAndDoesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPost, "/templates", `{"key":"welcome","name":"Welcome","subject":"Hi","type":"MARKETING","body":"<p>Hi</p>",
		"from":"app@acme.test"}`).want(http.StatusCreated)
	s.tracks("account.created", "ann@acme.test", `{}`)
	s.pass(time.Second)
	s.tracks("account.created", "bob@acme.test", `{}`)
	s.call(http.MethodPatch, "/contacts/bob@acme.test", `{"subscribed":false}`).want(http.StatusOK)
	var f api.RuleTrial
	s.call(http.MethodPost, "/rules/try", map[string]any{"rule": `
name: Welcome
on: {event: account.*}
if:
  logic: AND
  groups:
  - filters:
    - {field: email, operator: contains, value: acme}
do:
- send: {template: welcome}
- subscribe: {tags: [a]}
`, "since": "2026-01-01"}).want(http.StatusOK).into(&f)
	var got []string
	for _, m := range f.Matches {
		for _, x := range m.Acts {
			got = append(got, strings.TrimSpace(x.Email+" "+x.Action+" "+x.Outcome+" "+x.Detail))
		}
	}
	want := "bob@acme.test send skipped unsubscribed; bob@acme.test subscribe done; ann@acme.test send done; ann@acme.test subscribe done"
	if strings.Join(got, "; ") != want || f.Matched != 2 {
		t.Errorf("%d of %d: %q", f.Matched, f.Looked, got)
	}
	if n := s.runRules(); n != 0 {
		t.Errorf("%d jobs", n)
	}
	var sends struct{ Sends []api.Send }
	s.call(http.MethodGet, "/sends", nil).want(http.StatusOK).into(&sends)
	if len(sends.Sends) != 0 {
		t.Errorf("%+v", sends)
	}
}

func TestACircleOfRulesEnds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, event := range map[string]string{"Off": "contact.subscribed", "On": "contact.unsubscribed"} {
		what := map[string]string{"Off": "unsubscribe: {}", "On": "subscribe: {}"}[name]
		s.call(http.MethodPost, "/rules", map[string]any{
			"rule": "name: " + name + "\non: {event: " + event + "}\nperHour: 3\ndo:\n- " + what + "\n",
		}).want(http.StatusCreated)
	}
	s.tracks("order.paid", "ann@acme.test", `{}`)
	s.call(http.MethodPatch, "/contacts/ann@acme.test", `{"subscribed":false}`).want(http.StatusOK)
	for range 10 {
		s.pass(time.Second)
		s.runRules()
	}
	acts := append(s.actsOf("On"), s.actsOf("Off")...)
	if last := acts[0]; !strings.Contains(last, "skipped acted 3 times for this contact within an hour") || len(acts) > 8 {
		t.Errorf("%q", acts)
	}
}

func TestHistoryMakesNoRuleAct(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.newRule("Seen")
	s.call(http.MethodPost, "/v1/track", `{"event":"order.paid","email":"ann@acme.test","timestamp":"`+
		s.Now().Add(-25*time.Hour).Format(time.RFC3339)+`"}`).want(http.StatusOK)
	if n := s.runRules(); n != 0 {
		t.Errorf("%d jobs", n)
	}
}
