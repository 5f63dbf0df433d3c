package api_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/netguard"
	"tidings/internal/store"
)

type actView struct {
	ID, By, Door, Operation, Target, Note string
	At                                    time.Time
	Changes                               []struct{ Field, From, To string }
}

type actsView struct {
	Acts       []actView
	HasMore    bool
	NextCursor string
}

func (s *server) acts(query string) (page actsView) {
	s.t.Helper()
	s.call(http.MethodGet, "/audit"+query, nil).want(http.StatusOK).into(&page)
	return page
}

// keyID is the id of the key that the harness asks with.
func (s *server) keyID() string {
	s.t.Helper()
	keys, err := s.control.Keys(s.t.Context(), operator)
	must(s.t, err)
	return keys[0].ID
}

// deed calls an operation that changes something and tells what it was done to.
type deed struct {
	do      func(s *server, src string) (target string)
	changes string // "field from→to", one after another
}

const suppressedRecord = "ghost@acme.test"

func post(path string, body any) func(*server, string) string {
	return func(s *server, src string) string {
		s.call(http.MethodPost, strings.ReplaceAll(path, "{src}", src), body).want(http.StatusOK)
		return src
	}
}

// made calls what answers with a new thing, whose id is the target.
func made(path string, body any) func(*server, string) string {
	return func(s *server, _ string) string {
		var thing struct{ ID string }
		s.call(http.MethodPost, path, body).want(http.StatusCreated).into(&thing)
		return thing.ID
	}
}

// deeds are calls of every operation of the API that changes something.
func deeds() map[string]deed {
	return map[string]deed{
		"createSource": {
			made("/sources", map[string]any{"name": "new", "provider": "ses", "settings": map[string]any{"topics": []string{topic}}}),
			"name →new, provider →ses, token →, settings.topics →" + topic,
		},
		"updateSource": {func(s *server, src string) string {
			s.call(http.MethodPatch, "/sources/"+src, `{"name":"renamed","settings":{"secrets":["canary"]}}`).want(http.StatusOK)
			return src
		}, "name main→renamed, settings.secrets →"},
		"rotateSource":  {post("/sources/{src}/rotate", `{"graceSeconds":60}`), "token →, previousTokenUntil →2026-05-05T12:01:00Z"},
		"disableSource": {post("/sources/{src}/disable", nil), "disabledAt →2026-05-05T12:00:00Z"},
		"enableSource": {func(s *server, src string) string {
			_, err := s.control.DisableSource(s.t.Context(), operator, src)
			must(s.t, err)
			return post("/sources/{src}/enable", nil)(s, src)
		}, "disabledAt 2026-05-05T12:00:00Z→"},
		"confirmSubscription": {func(s *server, src string) string {
			return post("/sources/{src}/confirmations/"+s.ask(src)+"/confirm", nil)(s, src)
		}, "confirmation →cnf_1, confirmedAt →2026-05-05T12:00:00Z"},
		"liftSuppression": {func(s *server, _ string) string {
			var lifted struct{ Suppressions []struct{ ContactID string } }
			s.call(http.MethodPost, "/suppressions/"+suppressedRecord+"/lift", `{"note":"new mailbox"}`).
				want(http.StatusOK).into(&lifted)
			return lifted.Suppressions[0].ContactID
		}, "suppressions hard_bounce→"},
		"addSuppression": {func(s *server, _ string) string {
			var added struct{ Suppression struct{ ContactID string } }
			s.call(http.MethodPost, "/suppressions", `{"address":"new@acme.test","note":"asked for it"}`).want(http.StatusOK).into(&added)
			return added.Suppression.ContactID
		}, "suppressions →manual"},
		"importSuppressions": {func(s *server, _ string) string {
			r := s.request(http.MethodPost, "/suppressions/import", "a@acme.test\nb@acme.test\n")
			r.Header.Set("Content-Type", "text/csv")
			s.send(r).want(http.StatusOK)
			return "2 suppressions, up to line 2"
		}, ""},
		"liftSuppressionPattern": {func(s *server, _ string) string {
			x, err := s.control.Suppress(s.t.Context(), operator, control.NewSuppression{Address: "*@bad.test"})
			must(s.t, err)
			s.call(http.MethodPost, "/suppressions/patterns/"+x.Pattern.ID+"/lift", `{"note":"mended"}`).want(http.StatusOK)
			return x.Pattern.ID
		}, "pattern *@bad.test→"},
		"testSource": {func(s *server, src string) string {
			s.control.Send = func(context.Context, string, string, http.Header, []byte) netguard.Trip {
				return netguard.Trip{Failed: netguard.StageResolve, Err: &net.DNSError{Name: "tidings.test", Err: "no such host"}}
			}
			return post("/sources/{src}/test", nil)(s, src)
		}, ""},
		"createTemplate": {
			made("/templates", welcome), "name →Welcome, subject →Hi {{ firstName }}, body →22 characters, type →MARKETING",
		},
		"updateTemplate": {func(s *server, _ string) string {
			id := s.preparedTemplate()
			s.call(http.MethodPatch, "/templates/"+id, `{"subject":"Hello","text":"","opens":false}`).want(http.StatusOK)
			return id
		}, "subject Hi {{ firstName }}→Hello, text →none, opens →false"},
		"testTemplate": {func(s *server, _ string) string {
			id := s.preparedTemplate()
			s.call(http.MethodPost, "/templates/"+id+"/test", `{"to":"lea@acme.test","data":{"firstName":"Lea"}}`).want(http.StatusOK)
			return id
		}, ""},
		"restoreTemplate": {func(s *server, _ string) string {
			id, subject := s.preparedTemplate(), "Hello"
			_, err := s.control.UpdateTemplate(s.t.Context(), operator, id, control.TemplateEdit{Subject: &subject}, 0)
			must(s.t, err)
			s.call(http.MethodPost, "/templates/"+id+"/versions/1/restore", nil).want(http.StatusOK)
			return id
		}, "subject Hello→Hi {{ firstName }}"},
		"deleteTemplate": {func(s *server, _ string) string {
			id := s.preparedTemplate()
			s.call(http.MethodDelete, "/templates/"+id, nil).want(http.StatusNoContent)
			return id
		}, "name Welcome→"},
		"createSegment": {made("/segments", `{"name":"Everybody","condition":`+everybody+`}`), ""},
		"updateSegment": {func(s *server, _ string) string {
			id := s.prepared(control.NewSegment{Name: "a", Condition: []byte(everybody)})
			s.call(http.MethodPatch, "/segments/"+id, `{"name":"b"}`).want(http.StatusOK)
			return id
		}, ""},
		"deleteSegment": {func(s *server, _ string) string {
			id := s.prepared(control.NewSegment{Name: "a", Type: "STATIC"})
			s.call(http.MethodDelete, "/segments/"+id, nil).want(http.StatusNoContent)
			return id
		}, ""},
		"addSegmentMembers": {func(s *server, _ string) string {
			id := s.prepared(control.NewSegment{Name: "a", Type: "STATIC"})
			s.call(http.MethodPost, "/segments/"+id+"/members", `{"emails":["nobody@acme.test"]}`).want(http.StatusOK)
			return id
		}, ""},
		"removeSegmentMembers": {func(s *server, _ string) string {
			id := s.prepared(control.NewSegment{Name: "a", Type: "STATIC"})
			s.call(http.MethodDelete, "/segments/"+id+"/members", `{"emails":["nobody@acme.test"]}`).want(http.StatusOK)
			return id
		}, ""},
		"computeSegment": {func(s *server, _ string) string {
			id := s.prepared(control.NewSegment{Name: "a", Condition: []byte(everybody), Track: true})
			s.call(http.MethodPost, "/segments/"+id+"/compute", nil).want(http.StatusAccepted)
			return id
		}, ""},
		"approveAct": {
			func(s *server, _ string) string { return s.decide("approve", `{"note":"asked by phone"}`) },
			"operation →remove_suppression, askedBy →key_assistant",
		},
		"refuseAct": {
			func(s *server, _ string) string { return s.decide("refuse", nil) },
			"operation →remove_suppression, askedBy →key_assistant",
		},
		"startReplay": {func(s *server, _ string) string { return s.startReplay() }, ""},
		"cancelReplay": {func(s *server, _ string) string {
			x, err := s.control.StartReplay(s.t.Context(), operator, control.ReplayFilter{}, false)
			must(s.t, err)
			s.call(http.MethodPost, "/replays/"+x.ID+"/cancel", nil).want(http.StatusOK)
			return x.ID
		}, ""},
		"replayReceipt": {func(s *server, _ string) string {
			var page struct{ Receipts []struct{ ID string } }
			s.call(http.MethodGet, "/receipts?limit=1", nil).into(&page)
			s.call(http.MethodPost, "/receipts/"+page.Receipts[0].ID+"/replay", nil).want(http.StatusOK)
			return page.Receipts[0].ID
		}, ""},
		"createKey": {
			made("/keys", `{"name":"dash","scopes":["stats:read","events:read"],"expiresAt":"2027-01-01"}`),
			"name →dash, kind →secret, scopes →events:read, stats:read, expiresAt →2027-01-01T00:00:00Z",
		},
		"giveAWSPair": {func(s *server, _ string) string {
			k, _, err := s.control.CreateKey(s.t.Context(), operator, "", store.SecretKey)
			must(s.t, err)
			s.call(http.MethodPost, "/keys/"+k.ID+"/aws", nil).want(http.StatusOK)
			return k.ID
		}, "awsVersion 0→1"},
		"revokeKey": {func(s *server, _ string) string {
			k, _, err := s.control.CreateKey(s.t.Context(), operator, "", store.SecretKey)
			must(s.t, err)
			s.call(http.MethodDelete, "/keys/"+k.ID, nil).want(http.StatusOK)
			return k.ID
		}, "revokedAt →2026-05-05T12:00:00Z"},
	}
}

func (s *server) startReplay() (id string) {
	s.t.Helper()
	var x struct{ ID string }
	s.call(http.MethodPost, "/replays", `{}`).want(http.StatusAccepted).into(&x)
	return x.ID
}

func TestEveryOperationThatChangesSomethingLeavesOneAct(t *testing.T) {
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
	for _, o := range control.Operations() {
		if o.Local || !o.Noted() || o.Group == "People" { // a test of their own has those
			continue
		}
		d, known := all[o.Name]
		if !known {
			t.Errorf("nothing shows that %s is noted: give it a row in deeds", o.Name)
			continue
		}
		t.Run(o.Name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			src := s.newSource()
			s.take(src, life(t)...)
			target := d.do(s, src.ID)
			page := s.acts("?door=api")
			if len(page.Acts) != 1 {
				t.Fatalf("%d acts, want 1: %+v", len(page.Acts), page.Acts)
			}
			x := page.Acts[0]
			changes := make([]string, len(x.Changes))
			for i, c := range x.Changes {
				changes[i] = c.Field + " " + c.From + "→" + c.To
			}
			got := []string{x.By, x.Door, x.Operation, x.Target, strings.Join(changes, ", ")}
			want := []string{s.keyID(), "api", o.Name, target, d.changes}
			if diff := cmp.Diff(want, got); diff != "" || !x.At.Equal(s.Now()) {
				t.Errorf("at %s: %s", x.At, diff)
			}
		})
	}
}

func TestWhatOnlyReadsOrIsRefusedLeavesNoAct(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	before := len(s.acts("").Acts)
	_, poor, err := s.control.CreateLimitedKey(t.Context(), operator, control.NewKey{Scopes: []string{"events:read"}})
	must(t, err)
	var doc struct{ Paths map[string]map[string]any }
	s.call(http.MethodGet, "/openapi.json", nil).into(&doc)
	for path, methods := range doc.Paths {
		for method := range methods {
			if strings.HasPrefix(path, "/ui/") {
				continue
			}
			target := strings.NewReplacer("{id}", src.ID, "{", "", "}", "").Replace(path)
			r := s.request(strings.ToUpper(method), target, nil)
			if method != "get" {
				r.Header.Set("Authorization", "Bearer "+poor)
				s.send(r).want(http.StatusForbidden)
				continue
			}
			s.send(r)
		}
	}
	if after := len(s.acts("").Acts); after != before+1 {
		t.Errorf("%d acts, want %d and the new key", after, before)
	}
}

func TestWhatChangesNothingLeavesNoAct(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	k, _, err := s.control.CreateKey(t.Context(), operator, "", store.SecretKey)
	must(t, err)
	confirm := "/sources/" + src.ID + "/confirmations/" + s.ask(src.ID) + "/confirm"
	for range 3 {
		s.call(http.MethodPatch, "/sources/"+src.ID, `{"name":"renamed"}`).want(http.StatusOK)
		s.call(http.MethodDelete, "/keys/"+k.ID, nil).want(http.StatusOK)
		s.call(http.MethodPost, confirm, nil).want(http.StatusOK)
		s.call(http.MethodPost, "/sources/"+src.ID+"/disable", nil).want(http.StatusOK)
		s.pass(time.Minute)
	}
	if got := s.acts("?door=api").Acts; len(got) != 4 {
		t.Errorf("%d acts, want one of each kind: %+v", len(got), got)
	}
	s.call(http.MethodPatch, "/sources/"+src.ID, `{"settings":{"topics":["x"]}}`).want(http.StatusUnprocessableEntity)
	s.call(http.MethodPost, "/suppressions/nobody@acme.test/lift", `{"note":"n"}`).want(http.StatusNotFound)
	if got := s.acts("?door=api").Acts; len(got) != 4 {
		t.Errorf("what was refused is noted: %+v", got[0])
	}
}

func TestTheAuditLogIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	s.pass(time.Hour)
	s.call(http.MethodPatch, "/sources/"+src.ID, `{"name":"renamed"}`).want(http.StatusOK)
	s.call(http.MethodPost, "/suppressions/"+suppressedRecord+"/lift", `{"note":"n"}`).want(http.StatusOK)
	for query, want := range map[string]string{
		"":                                       "liftSuppression updateSource createSource createKey",
		"?operation=updateSource":                "updateSource",
		"?by=" + s.keyID():                       "liftSuppression updateSource",
		"?by=cli":                                "createSource createKey",
		"?by=server":                             "",
		"?door=cli":                              "createSource createKey",
		"?target=" + src.ID:                      "updateSource createSource",
		"?target=" + suppressedRecord:            "liftSuppression",
		"?target=Nobody@acme.test":               "",
		"?from=2026-05-05T13:00:00Z":             "liftSuppression updateSource",
		"?to=2026-05-05T13:00:00Z":               "createSource createKey",
		"?from=2026-05-05&to=2026-05-06&limit=1": "liftSuppression",
	} {
		var got []string
		for _, x := range s.acts(query).Acts {
			got = append(got, x.Operation)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	var all []string
	for cursor := ""; ; {
		page := s.acts("?limit=1" + cursor)
		for _, x := range page.Acts {
			all = append(all, x.ID)
		}
		if !page.HasMore {
			break
		}
		cursor = "&cursor=" + page.NextCursor
	}
	if strings.Join(all, " ") != "act_4 act_3 act_2 act_1" {
		t.Errorf("page by page: %v", all)
	}
	golden(t, "audit.json", []byte(strings.ReplaceAll(strings.ReplaceAll(
		string(s.call(http.MethodGet, "/audit?door=api", nil).body), src.ID, "src_1"), s.keyID(), "key_1")))
}

func TestNoSecretIsEverInTheAuditLog(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	certificate := selfSigned(t)
	var src, rotated sourceView
	s.call(http.MethodPost, "/sources", map[string]any{
		"name": "main", "provider": "ses", "settings": map[string]any{
			"topics": []string{topic}, "basicAuth": []string{"aws:canary-1"}, "secrets": []string{"canary-2"},
			"signingCertificate": certificate,
		},
	}).want(http.StatusCreated).into(&src)
	s.call(http.MethodPatch, "/sources/"+src.ID, map[string]any{
		"settings": map[string]any{"basicAuth": []string{"aws:canary-3"}, "secrets": []string{"canary-4"}, "signingCertificate": ""},
	}).want(http.StatusOK)
	s.call(http.MethodPost, "/sources/"+src.ID+"/rotate", nil).want(http.StatusOK).into(&rotated)
	confirm := "/sources/" + src.ID + "/confirmations/" + s.ask(src.ID) + "/confirm"
	s.confirm = fmt.Errorf("get https://sns.test/?Token=abc: %w", context.DeadlineExceeded)
	s.call(http.MethodPost, confirm, nil).want(http.StatusServiceUnavailable)
	s.confirm = nil
	s.call(http.MethodPost, confirm, nil).want(http.StatusOK)
	var key struct{ ID, Key string }
	s.call(http.MethodPost, "/keys", `{"name":"k","kind":"secret"}`).want(http.StatusCreated).into(&key)
	s.call(http.MethodDelete, "/keys/"+key.ID, nil).want(http.StatusOK)

	log := wholeAudit(t, s.file)
	if n := strings.Count(log, "\n"); n != 8 {
		t.Errorf("%d acts, want 8: %s", n, log)
	}
	for _, canary := range []string{
		"canary", src.Token, rotated.Token, key.Key, key.Key[3:], s.secret, "Token=abc", "sns.test", "CERTIFICATE",
		strings.Split(certificate, "\n")[1],
	} {
		if strings.Contains(log, canary) {
			t.Errorf("the audit log holds %q: %s", canary, log)
		}
	}
}

// wholeAudit is every column of every row of the audit log, one row a line.
func wholeAudit(t *testing.T, file string) string {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	must(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT * FROM audit`)
	must(t, err)
	defer rows.Close()
	names, err := rows.Columns()
	must(t, err)
	var log strings.Builder
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(string)
		}
		must(t, rows.Scan(values...))
		b, err := json.Marshal(values)
		must(t, err)
		fmt.Fprintf(&log, "%s\n", b)
	}
	must(t, rows.Err())
	return log.String()
}
