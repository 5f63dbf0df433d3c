package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/provider"
)

type contactList struct {
	Data       []struct{ Email string }
	Cursor     *string
	NextCursor string
	HasMore    bool
	Total      *int
}

// emails are the local parts of a list in order.
func (l contactList) emails() string {
	words := make([]string, 0, len(l.Data))
	for _, k := range l.Data {
		local, _, _ := strings.Cut(k.Email, "@")
		words = append(words, local)
	}
	return strings.Join(words, " ")
}

func TestContactsAreListedInMailGlyphsShapeWithOursBeside(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	golden(t, "contacts.json", s.call(http.MethodGet, "/contacts", nil).want(http.StatusOK).body)
	a := newServer(t).call(http.MethodGet, "/contacts", nil).want(http.StatusOK)
	if want := `{"data":[],"cursor":null,"total":0,"hasMore":false}`; strings.TrimSpace(string(a.body)) != want {
		t.Errorf("of nobody: %s, want %s", a.body, want)
	}
}

func TestEveryFilterOfContactsNarrows(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	for query, want := range map[string]string{
		"": "full ghost lea", "search=": "full ghost lea", "search=GHOST": "ghost", "search=LEA@Acme.test": "lea",
		"search=host": "ghost", "search=L": "lea full", "search=@acme.test": "full ghost lea", "search=@test": "",
		"domain=acme.test": "full ghost lea", "domain=ACME.test&search=lea": "lea",
		"subscribed=true": "full", "subscribed=false": "ghost lea", "suppressed=true": "ghost lea", "suppressed=false": "full",
		"seenAfter=2026-05-05": "lea", "seenBefore=2026-05-05": "full ghost", "seenAfter=2026-05-04&limit=1": "full",
	} {
		var list contactList
		s.call(http.MethodGet, "/contacts?"+query, nil).want(http.StatusOK).into(&list)
		if got := list.emails(); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		if list.HasMore != (list.Cursor != nil) || list.HasMore == (list.Total != nil) {
			t.Errorf("%s: more %t, cursor %v, total %v", query, list.HasMore, list.Cursor, list.Total)
		}
	}
}

func TestPagesOfContactsGoOnWhereTheyEnded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	for query, want := range map[string]string{
		"": "full ghost lea", "&search=l": "lea full", "&search=g": "ghost", "&domain=acme.test": "full ghost lea",
	} {
		var all []string
		cursor := ""
		for {
			var list contactList
			s.call(http.MethodGet, "/contacts?limit=1"+query+cursor, nil).want(http.StatusOK).into(&list)
			if all = append(all, list.emails()); !list.HasMore || len(all) > 3 {
				break
			}
			if *list.Cursor != list.NextCursor || (list.Total != nil) != (query == "" && cursor == "") {
				t.Errorf("%s: %+v", query, list)
			}
			cursor = "&cursor=" + list.NextCursor
		}
		if got := strings.TrimSpace(strings.Join(all, " ")); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestAPatternSuppressesItsContactsInTheListToo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	s.call(http.MethodPost, "/suppressions/ghost@acme.test/lift", `{"note":"new mailbox"}`).want(http.StatusOK)
	emails := func() string {
		var list contactList
		s.call(http.MethodGet, "/contacts?suppressed=true&search=ghost", nil).want(http.StatusOK).into(&list)
		return list.emails()
	}
	if got := emails(); got != "" {
		t.Fatalf("after the lift %q is suppressed", got)
	}
	_, err := s.store.SuppressPattern(t.Context(), store.DefaultProject, contact.Pattern("*@acme.test"), "n",
		store.Act{At: s.Now(), By: "test", Door: "test", Operation: "suppress"})
	must(t, err)
	if got := emails(); got != "ghost" {
		t.Errorf("with the pattern %q is suppressed", got)
	}
	var one struct{ Suppressed, Subscribed bool }
	s.call(http.MethodGet, "/contacts/ghost@acme.test", nil).want(http.StatusOK).into(&one)
	if !one.Suppressed || one.Subscribed {
		t.Errorf("alone it is %+v", one)
	}
}

func TestReceiptsAreNarrowedByKindAndCode(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	for query, want := range map[string]int{"kind=notification": 8, "kind=odd": 0, "problem=inbound_mail": 1, "problem=bad_time": 0} {
		var list struct{ Receipts []struct{ Kind string } }
		s.call(http.MethodGet, "/receipts?"+query, nil).want(http.StatusOK).into(&list)
		if len(list.Receipts) != want {
			t.Errorf("%s: %d receipts, want %d", query, len(list.Receipts), want)
		}
	}
}

type replayView struct {
	ID, State, Error                string
	DryRun                          bool
	Total, Done, Receipts           int64
	New, Known, Problems, Conflicts int64
	EndedAt                         time.Time
}

func TestAReplayIsStartedFollowedAndEnds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	body := map[string]any{"source": src.ID, "from": "2026-05-05", "to": "2026-05-06", "dryRun": true}
	a := s.call(http.MethodPost, "/replays", body).want(http.StatusAccepted)
	golden(t, "replay_waiting.json", replaced(s, src.ID, a.body))
	var started replayView
	a.into(&started)
	golden(t, "problems/second_replay.json", s.call(http.MethodPost, "/replays", nil).want(http.StatusConflict).body)
	must(t, s.control.RunReplay(t.Context(), started.ID, false))
	golden(t, "replay_done.json", replaced(s, src.ID, s.call(http.MethodGet, "/replays/"+started.ID, nil).want(http.StatusOK).body))
	golden(t, "problems/cancel_of_an_ended_replay.json",
		s.call(http.MethodPost, "/replays/"+started.ID+"/cancel", nil).want(http.StatusConflict).body)

	var second replayView
	s.call(http.MethodPost, "/replays", `{}`).want(http.StatusAccepted).into(&second)
	s.call(http.MethodPost, "/replays/"+second.ID+"/cancel", nil).want(http.StatusOK).into(&second)
	must(t, s.control.RunReplay(t.Context(), second.ID, false))
	if second.State != "cancelled" || second.EndedAt.IsZero() {
		t.Errorf("cancelled %+v", second)
	}
	var list struct {
		Replays    []replayView
		HasMore    bool
		NextCursor string
	}
	s.call(http.MethodGet, "/replays?limit=1", nil).want(http.StatusOK).into(&list)
	if !list.HasMore || len(list.Replays) != 1 || list.Replays[0] != second {
		t.Errorf("list %+v", list)
	}
	s.call(http.MethodGet, "/replays?limit=1&cursor="+list.NextCursor, nil).want(http.StatusOK).into(&list)
	if len(list.Replays) != 1 || list.Replays[0].ID != started.ID {
		t.Errorf("second page %+v", list)
	}
	for _, target := range []string{"/replays/rpl_zz", "/replays/x"} {
		s.call(http.MethodGet, target, nil).want(http.StatusNotFound)
		s.call(http.MethodPost, target+"/cancel", nil).want(http.StatusNotFound)
	}
}

// replaced writes what differs from run to run as it is in goldens.
func replaced(s *server, source string, body []byte) []byte {
	keys, err := s.control.Keys(s.t.Context(), operator)
	must(s.t, err)
	return []byte(strings.NewReplacer(source, "src_0000000000000000", keys[0].ID, "key_0000000000000000").Replace(string(body)))
}

func TestOneReceiptIsReplayedAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	envelope, err := json.Marshal(map[string]string{
		"Type": "Notification", "MessageId": uuid(auth.Hash("m")), "TopicArn": topic, "Message": life(t)[0],
		"Timestamp": "2026-05-05T12:00:00.000Z", "SignatureVersion": "2",
	})
	must(t, err)
	// An earlier version could not read it.
	e := s.control.Builder.Build(s.newSource(), provider.Result{Kind: "notification", Keep: envelope}, envelope, s.Now())
	must(t, s.store.Commit(t.Context(), []*receipt.Entry{e}))
	var got replayView
	s.call(http.MethodPost, "/receipts/rcp_1/replay", nil).want(http.StatusOK).into(&got)
	if diff := cmp.Diff(replayView{Receipts: 1, New: 1}, got); diff != "" {
		t.Error(diff)
	}
	s.call(http.MethodPost, "/receipts/rcp_1/replay", nil).want(http.StatusOK).into(&got)
	if got.New != 0 || got.Known != 1 {
		t.Errorf("again: %+v", got)
	}
	s.call(http.MethodPost, "/receipts/rcp_zz/replay", nil).want(http.StatusNotFound)
}

func TestBadInputAboutContactsReceiptsAndReplaysIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const get, post = http.MethodGet, http.MethodPost
	for _, c := range []badRequest{
		{name: "contacts with every parameter wrong", method: get, target: "/contacts?search=@&subscribed=maybe&suppressed=1&seenAfter=x" +
			"&seenBefore=y&cursor=z&limit=0", status: 422},
		{name: "contacts with a cursor of receipts", method: get, target: "/contacts?cursor=cgAAAAAAAAgg", status: 422},
		{name: "contacts with a cursor of another search", method: get, target: "/contacts?search=b&cursor=YwAAAAAAAAAAYW5uQGFjbWUudGVzdA", status: 422},
		{name: "contacts with a cursor of no place", method: get, target: "/contacts?search=a&cursor=YwAAAAAAAAAA", status: 422},
		{name: "contacts with a negative cursor", method: get, target: "/contacts?cursor=Y___________", status: 422},
		{name: "contacts of two domains", method: get, target: "/contacts?search=@a.test&domain=b.test", status: 422},
		{name: "contacts with a search of bytes", method: get, target: "/contacts?search=%ff%00", status: 422},
		{name: "contacts seen backwards", method: get, target: "/contacts?seenAfter=2026-05-05&seenBefore=2026-05-04", status: 422},
		{name: "contacts with an unknown filter", method: get, target: "/contacts?segment=x", status: 422},
		{name: "receipts with every parameter wrong", method: get, target: "/receipts?source=one&problem=Bad%20time&kind=%25&from=x&to=y&limit=-1", status: 422},
		{name: "replays with every parameter wrong", method: get, target: "/replays?cursor=x&limit=1001", status: 422},
		{name: "replay with every field wrong", method: post, target: "/replays", body: `{"source":"one","from":"x","to":"y"}`, status: 422},
		{name: "replay of an unknown source", method: post, target: "/replays", body: `{"source":"src_none"}`, status: 422},
		{name: "replay backwards", method: post, target: "/replays", body: `{"from":"2026-05-05","to":"2026-05-04"}`, status: 422},
		{name: "replay of a wrong kind", method: post, target: "/replays", body: `{"dryRun":"yes"}`, status: 422},
		{name: "replay with an unknown field", method: post, target: "/replays", body: `{"only":true}`, status: 422},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.call(c.method, c.target, c.body)
			a.t = t
			a.want(c.status).problem()
			golden(t, "problems/"+strings.ReplaceAll(c.name, " ", "_")+".json", a.body)
		})
	}
	page, err := s.store.ListReplays(t.Context(), store.DefaultProject, 0, 1)
	if must(t, err); len(page.Replays) > 0 {
		t.Errorf("a replay came of what was refused: %+v", page.Replays)
	}
}
