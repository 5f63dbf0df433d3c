package api_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/auth"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

type sourceView struct {
	ID, Name, URL, Token, Path, FixedURL string
	DisabledAt, PreviousTokenUntil       time.Time
	Settings                             struct {
		Topics             []string
		BasicAuth, Secrets int
		RequireVersion2    bool
		Account            string
	}
}

func TestASourceShowsItsTokenOnceAndItsSecretsNever(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var created sourceView
	a := s.call(http.MethodPost, "/sources", map[string]any{
		"name": " production ", "provider": "ses", "path": "main",
		"settings": map[string]any{"topics": []string{topic}, "basicAuth": []string{"aws:hush-hush"}, "secrets": []string{"deep-secret"}},
	}).want(http.StatusCreated)
	a.into(&created)
	if want := "https://tidings.test/in/ses/" + created.Token; created.URL != want || len(created.Token) < 22 {
		t.Errorf("url %q, want %q", created.URL, want)
	}
	if created.Name != "production" || created.FixedURL != "https://tidings.test/in/ses/main" || created.Settings.BasicAuth != 1 {
		t.Errorf("created %+v", created)
	}
	answers := []answer{a}
	for _, target := range []string{"/sources", "/sources/" + created.ID} {
		got := s.call(http.MethodGet, target, nil).want(http.StatusOK)
		if strings.Contains(string(got.body), created.Token) {
			t.Errorf("%s shows the token: %s", target, got.body)
		}
		answers = append(answers, got)
	}
	for _, got := range answers {
		if strings.Contains(string(got.body), "hush-hush") || strings.Contains(string(got.body), "deep-secret") {
			t.Errorf("a secret is shown: %s", got.body)
		}
	}
	found, err := s.store.SourceByToken(t.Context(), "ses", auth.Hash(created.Token), s.Now())
	must(t, err)
	if found.ID != created.ID {
		t.Errorf("the token finds %s", found.ID)
	}
}

func TestAPathBelongsToOneSource(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := map[string]any{"name": "a", "provider": "ses", "path": "main", "settings": map[string]any{"topics": []string{topic}}}
	s.call(http.MethodPost, "/sources", body).want(http.StatusCreated)
	if p := s.call(http.MethodPost, "/sources", body).want(http.StatusConflict).problem(); p.Field != "path" {
		t.Errorf("problem %+v", p)
	}
}

func TestAChangeOfASourceLeavesTheRestAsItIs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	var got sourceView
	s.call(http.MethodPatch, "/sources/"+src.ID, `{"settings":{"account":"111122223333","requireVersion2":true}}`).
		want(http.StatusOK).into(&got)
	want := sourceView{ID: src.ID, Name: "main"}
	want.Settings.Topics, want.Settings.Account, want.Settings.RequireVersion2 = []string{topic}, "111122223333", true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	p := s.call(http.MethodPatch, "/sources/"+src.ID, `{"name":"renamed","settings":{"topics":[]}}`).
		want(http.StatusUnprocessableEntity).problem()
	if p.Field != "settings.topics" {
		t.Errorf("problem %+v", p)
	}
	s.call(http.MethodGet, "/sources/"+src.ID, nil).want(http.StatusOK).into(&got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a refused change left something behind: %s", diff)
	}
	s.call(http.MethodPatch, "/sources/src_none", `{"name":"x"}`).want(http.StatusNotFound)
}

func TestATokenBeforeARotationWorksForItsGrace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		body  any
		grace time.Duration
	}{
		{"24 hours by default", nil, 24 * time.Hour},
		{"an hour where it is said", `{"graceSeconds":3600}`, time.Hour},
		{"not at all with 0", `{"graceSeconds":0}`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			var first, second sourceView
			s.call(http.MethodPost, "/sources", map[string]any{
				"name": "a", "provider": "ses", "settings": map[string]any{"topics": []string{topic}},
			}).want(http.StatusCreated).into(&first)
			s.call(http.MethodPost, "/sources/"+first.ID+"/rotate", c.body).want(http.StatusOK).into(&second)
			works := func(token string) bool {
				_, err := s.store.SourceByToken(t.Context(), "ses", auth.Hash(token), s.Now())
				return err == nil
			}
			if !works(second.Token) || works(first.Token) != (c.grace > 0) {
				t.Errorf("at once: new %t, old %t", works(second.Token), works(first.Token))
			}
			s.pass(c.grace)
			if !works(second.Token) || works(first.Token) {
				t.Errorf("after the grace: new %t, old %t", works(second.Token), works(first.Token))
			}
		})
	}
}

func TestASourceIsDisabledAndEnabledAsOftenAsOneLikes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	since := s.Now()
	for _, c := range []struct {
		act      string
		disabled time.Time
	}{{"disable", since}, {"disable", since}, {"enable", time.Time{}}, {"enable", time.Time{}}} {
		var got sourceView
		s.call(http.MethodPost, "/sources/"+src.ID+"/"+c.act, nil).want(http.StatusOK).into(&got)
		if !got.DisabledAt.Equal(c.disabled) {
			t.Errorf("%s: disabled at %s, want %s", c.act, got.DisabledAt, c.disabled)
		}
		s.pass(time.Hour)
	}
}

func TestTheHealthOfASourceTellsWhatCameInAndWhatWaits(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	s.ask(src.ID)
	health := s.call(http.MethodGet, "/sources/"+src.ID+"/health", nil).want(http.StatusOK).body
	golden(t, "health.json", bytes.ReplaceAll(health, []byte(src.ID), []byte("src_1")))
	s.call(http.MethodGet, "/sources/src_none/health", nil).want(http.StatusNotFound)
}

func TestTheListOfSourcesTellsHowEachDoesAsItsHealthDoes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	busy, idle := s.newSource(), s.newSource()
	s.take(busy, life(t)...)
	type summary struct {
		State                      string
		LastReceiptAt, LastEventAt time.Time
		Events24h                  int64
		Findings                   []struct{ Code, Severity, Message, Remedy string }
	}
	var list struct {
		Sources []struct {
			ID, State string
			Health    summary
		}
	}
	s.call(http.MethodGet, "/sources", nil).want(http.StatusOK).into(&list)
	for i, id := range []string{busy.ID, idle.ID} {
		var want summary
		s.call(http.MethodGet, "/sources/"+id+"/health", nil).want(http.StatusOK).into(&want)
		got := list.Sources[i]
		got.Health.State = got.State
		if diff := cmp.Diff(want, got.Health); diff != "" || got.ID != id || len(want.Findings) == 0 || (want.Events24h == 7) != (i == 0) {
			t.Errorf("%s (%s): %+v\n%s", id, got.ID, want, diff)
		}
	}
}

func TestTheHealthOfASourceTellsHowItsQueueDoes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	change := map[string]any{"settings": map[string]any{"queue": "https://sqs.eu-west-1.amazonaws.com/111122223333/q"}}
	s.call(http.MethodPatch, "/sources/"+src.ID, change).want(http.StatusOK)
	note := source.QueueNote{
		SourceRef: src.Ref, Node: "web-1", NotedAt: s.Now(), ReceivedAt: s.Now().Add(-time.Minute), FailedAt: s.Now(),
		Code: "queue_access_denied", Message: "receive: AccessDenied: no",
	}
	if err := s.store.NoteQueue(t.Context(), note); err != nil {
		t.Fatal(err)
	}
	health := s.call(http.MethodGet, "/sources/"+src.ID+"/health", nil).want(http.StatusOK).body
	golden(t, "health_queue.json", bytes.ReplaceAll(health, []byte(src.ID), []byte("src_1")))
	change["settings"] = map[string]any{"queue": ""}
	s.call(http.MethodPatch, "/sources/"+src.ID, change).want(http.StatusOK)
}

// ask stores a request of the topic to be subscribed.
func (s *server) ask(sourceID string) string {
	s.t.Helper()
	src, err := s.control.Source(s.t.Context(), operator, sourceID)
	must(s.t, err)
	e := s.control.Builder.Build(src, provider.Result{
		Kind: "subscription_confirmation", Keep: []byte("{}"), Transport: provider.Transport{ID: "m1"},
		Wishes: []provider.Wish{{
			Kind: provider.ConfirmSubscription, Key: topic, URL: "https://sns.test/?Token=abc", Note: "SNS topic ses",
		}},
	}, []byte("{}"), s.Now())
	must(s.t, s.store.Commit(s.t.Context(), []*receipt.Entry{e}))
	var list struct{ Confirmations []struct{ ID string } }
	s.call(http.MethodGet, "/sources/"+sourceID+"/confirmations", nil).want(http.StatusOK).into(&list)
	if len(list.Confirmations) != 1 {
		s.t.Fatalf("%d confirmations, want 1", len(list.Confirmations))
	}
	return list.Confirmations[0].ID
}

func TestASubscriptionIsConfirmedByHandOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	path := "/sources/" + src.ID + "/confirmations/" + s.ask(src.ID) + "/confirm"
	s.confirm = errors.New("connection refused")
	p := s.call(http.MethodPost, path, nil).want(http.StatusServiceUnavailable).problem()
	if p.Type != "urn:tidings:error:not_confirmed" || !strings.Contains(p.Detail, "connection refused") {
		t.Errorf("problem %+v", p)
	}
	s.confirm = nil
	for range 2 {
		var got struct {
			ConfirmedAt time.Time
			Problem     string
		}
		a := s.call(http.MethodPost, path, nil).want(http.StatusOK)
		if a.into(&got); got.ConfirmedAt.IsZero() || got.Problem != "" {
			t.Errorf("confirmation %+v", got)
		}
		if strings.Contains(string(a.body), "abc") {
			t.Errorf("the token of the subscription is shown: %s", a.body)
		}
	}
	if len(s.asked) != 2 || s.asked[1].URL != "https://sns.test/?Token=abc" {
		t.Errorf("the provider was asked %d times: %+v", len(s.asked), s.asked)
	}
	s.call(http.MethodPost, "/sources/"+src.ID+"/confirmations/cnf_zz/confirm", nil).want(http.StatusNotFound)
}

type suppressionList struct {
	Suppressions []struct {
		Email, Reason, Note, LiftNote, LiftedBy string
		Active                                  bool
		LiftedAt                                time.Time
	}
	HasMore    bool
	NextCursor string
}

func TestASuppressionIsListedAndLiftedWithANote(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	emails := func(query string) string {
		var list suppressionList
		s.call(http.MethodGet, "/suppressions"+query, nil).want(http.StatusOK).into(&list)
		var words []string
		for _, x := range list.Suppressions {
			words = append(words, strings.TrimSuffix(x.Email, "@acme.test")+" "+x.Reason)
		}
		return strings.Join(words, ", ")
	}
	lift := func(body string) answer { return s.call(http.MethodPost, "/suppressions/Lea@acme.test/lift", body) }
	for query, want := range map[string]string{
		"": "lea complaint, ghost hard_bounce", "?active=true": "lea complaint, ghost hard_bounce", "?active=false": "",
		"?reason=complaint": "lea complaint", "?contact=ghost@acme.test": "ghost hard_bounce", "?limit=1": "lea complaint",
	} {
		if got := emails(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	lift(`{"note":"by mistake","reason":"hard_bounce"}`).want(http.StatusNotFound)
	var lifted suppressionList
	lift(`{"note":"wrote to support"}`).want(http.StatusOK).into(&lifted)
	if len(lifted.Suppressions) != 1 || lifted.Suppressions[0].Active || lifted.Suppressions[0].LiftNote != "wrote to support" ||
		lifted.Suppressions[0].Note != "" || !strings.HasPrefix(lifted.Suppressions[0].LiftedBy, "key_") {
		t.Errorf("lifted %+v", lifted)
	}
	lift(`{"note":"again"}`).want(http.StatusNotFound)
	if got := emails("?active=true"); got != "ghost hard_bounce" {
		t.Errorf("active after the lift: %q", got)
	}
	s.call(http.MethodPost, "/suppressions/nobody@acme.test/lift", `{"note":"n"}`).want(http.StatusNotFound)
}

func TestPagesOfSuppressionsAndReceiptsGoOnWhereTheyEnded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	for target, want := range map[string]int{"/suppressions": 2, "/receipts": 8} {
		seen, cursor := make(map[string]bool), ""
		for pages := 0; ; pages++ {
			if pages > want {
				t.Fatalf("%s has no end", target)
			}
			var page struct {
				Suppressions []struct{ Email string }
				Receipts     []struct{ ID string }
				HasMore      bool
				NextCursor   string
			}
			s.call(http.MethodGet, target+"?limit=1"+cursor, nil).want(http.StatusOK).into(&page)
			for _, x := range page.Suppressions {
				seen[x.Email] = true
			}
			for _, x := range page.Receipts {
				seen[x.ID] = true
			}
			if !page.HasMore {
				break
			}
			cursor = "&cursor=" + page.NextCursor
		}
		if len(seen) != want {
			t.Errorf("%s: %d rows, want %d", target, len(seen), want)
		}
	}
}

func TestAReceiptIsFoundWithItsProblemAndItsBody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	ids := func(query string) (ids []string) {
		var list struct{ Receipts []struct{ ID string } }
		s.call(http.MethodGet, "/receipts"+query, nil).want(http.StatusOK).into(&list)
		for _, r := range list.Receipts {
			ids = append(ids, r.ID)
		}
		return ids
	}
	for query, want := range map[string]int{
		"": 8, "?source=" + src.ID: 8, "?source=src_none": 0, "?problem=any": 1, "?problem=nothing": 0,
		"?from=2026-05-05": 8, "?to=2026-05-05T12:00:00Z": 0,
	} {
		if got := len(ids(query)); got != want {
			t.Errorf("%s: %d receipts, want %d", query, got, want)
		}
	}
	id := ids("?problem=any")[0]
	var one struct {
		ID, SHA256 string
		Count      int
		Problems   []struct{ Code string }
	}
	s.call(http.MethodGet, "/receipts/"+id, nil).want(http.StatusOK).into(&one)
	if one.ID != id || len(one.SHA256) != 64 || one.Count != 1 || len(one.Problems) != 1 {
		t.Errorf("receipt %+v", one)
	}
	raw := s.call(http.MethodGet, "/receipts/"+id+"/raw", nil).want(http.StatusOK)
	if !strings.Contains(string(raw.body), "0102019a-in-0000000") {
		t.Errorf("raw %s", raw.body)
	}
	for _, target := range []string{"/receipts/rcp_zz", "/receipts/x", "/receipts/rcp_zz/raw"} {
		s.call(http.MethodGet, target, nil).want(http.StatusNotFound)
	}
}

func TestAKeyIsShownOnceAndListedByItsPrefix(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var key struct{ ID, Key, Prefix, Kind string }
	s.call(http.MethodPost, "/keys", `{"name":"page","kind":"public"}`).want(http.StatusCreated).into(&key)
	if !strings.HasPrefix(key.Key, "pk_") || !strings.HasPrefix(key.Key, key.Prefix) || key.Kind != "public" {
		t.Errorf("key %+v", key)
	}
	list := s.call(http.MethodGet, "/keys", nil).want(http.StatusOK)
	if strings.Contains(string(list.body), key.Key) || !strings.Contains(string(list.body), key.Prefix) {
		t.Errorf("keys %s", list.body)
	}
	var keys struct {
		Keys []struct {
			ID         string
			LastUsedAt time.Time
		}
	}
	if list.into(&keys); len(keys.Keys) != 2 || keys.Keys[0].LastUsedAt.IsZero() || !keys.Keys[1].LastUsedAt.IsZero() {
		t.Errorf("keys %+v", keys)
	}
	if p := s.call(http.MethodDelete, "/keys/"+keys.Keys[0].ID, nil).want(http.StatusConflict).problem(); p.Hint == "" {
		t.Errorf("a key that revokes itself: %+v", p)
	}
	s.call(http.MethodDelete, "/keys/key_none", nil).want(http.StatusNotFound)
}
