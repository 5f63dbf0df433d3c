package e2e_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/provider/ses/snssign"
)

const topic = "arn:aws:sns:eu-west-1:123456789012:end-to-end"

// pinned is a source that trusts one certificate.
type pinned struct {
	ID, URL, Token string
	path           string // of its URL, which outlives a server's port
}

// source makes a source with the command, beside the server.
func (s *server) source(name string, certificate []byte, more ...string) pinned {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "certificate.pem")
	must(s.t, os.WriteFile(file, certificate, 0o600))
	args := []string{"--provider", "ses", "--name", name, "--signing-certificate", file, "--public-url", s.base}
	if len(more) == 0 {
		more = []string{"--topic", topic}
	}
	var p pinned
	ask(s.t, &p, append(append([]string{"source", "create", "--db", s.db}, args...), more...)...)
	u, err := url.Parse(p.URL)
	must(s.t, err)
	p.path = u.Path
	return p
}

// apiKey makes a key with the command.
func (s *server) apiKey(kind string) (id, key string) {
	s.t.Helper()
	var k struct{ ID, Key string }
	ask(s.t, &k, "key", "create", "--db", s.db, "--kind", kind)
	return k.ID, k.Key
}

// reply is what the server answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request, to the API with the secret key unless the headers say otherwise.
func (s *server) do(method, path string, body io.Reader, header http.Header) (reply, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, body)
	if err != nil {
		return reply{}, err
	}
	if !strings.HasPrefix(path, "/in/") {
		req.Header.Set("Authorization", "Bearer "+s.key)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := s.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, got}, err
}

// post posts a notification as SNS does.
func (s *server) post(path string, body []byte) (reply, error) {
	return s.do(http.MethodPost, path, bytes.NewReader(body), http.Header{
		"Content-Type": {"text/plain; charset=UTF-8"}, "User-Agent": {"Amazon Simple Notification Service Agent"},
	})
}

// get asks the API and reads its answer.
func (s *server) get(path string, into any) {
	s.t.Helper()
	if s.key == "" {
		_, s.key = s.apiKey("secret")
	}
	r, err := s.do(http.MethodGet, path, http.NoBody, nil)
	must(s.t, err)
	if r.status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, r.status, r.body)
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		s.t.Fatalf("GET %s: %v in %s", path, err, r.body)
	}
}

// facts are the events that came from outside, without what followed of them: that contacts are unsubscribed.
func (s *server) facts() []storedEvent {
	s.t.Helper()
	return slices.DeleteFunc(s.events(), storedEvent.followed)
}

// followed tells that Tidings made this event of another.
func (e storedEvent) followed() bool { return strings.HasPrefix(e.Name, "contact.") }

// storedEvent is what the tests look at of an event.
type storedEvent struct {
	ID, Name, Recipient, ContactID, EmailID string
	OccurredAt                              time.Time
	Message                                 struct{ ID string }
	Bounce                                  json.RawMessage `json:",omitempty"`
	Automation                              json.RawMessage `json:",omitempty"`
}

// events pages through all events, and checks that the pages are in order and hold nothing twice.
func (s *server) events() []storedEvent {
	s.t.Helper()
	var all []storedEvent
	for cursor := ""; ; {
		var page struct {
			Events     []storedEvent
			HasMore    bool
			NextCursor string
		}
		s.get("/events?limit=499&cursor="+cursor, &page)
		for _, e := range page.Events {
			if len(all) > 0 && e.ID >= all[len(all)-1].ID {
				s.t.Fatalf("event %s comes after %s", e.ID, all[len(all)-1].ID)
			}
			all = append(all, e)
		}
		if page.HasMore != (page.NextCursor != "") {
			s.t.Fatalf("hasMore is %v, the next cursor %q", page.HasMore, page.NextCursor)
		}
		if !page.HasMore {
			return all
		}
		cursor = page.NextCursor
	}
}

// receipts counts the receipts, and how often their requests came.
func (s *server) receipts() (distinct int, came int64) {
	s.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Receipts   []struct{ Count int64 }
			NextCursor string
		}
		s.get("/receipts?limit=1000&cursor="+cursor, &page)
		for _, r := range page.Receipts {
			distinct, came = distinct+1, came+r.Count
		}
		if cursor = page.NextCursor; cursor == "" {
			return distinct, came
		}
	}
}

// verification is what `tidings verify` prints.
type verification struct {
	Events, Messages, Contacts, Counters int64
	Differences                          []struct{ What, Have, Want string }
}

// verify recounts, and the counters must be equal.
func verify(t testing.TB, db string) (v verification) {
	t.Helper()
	r := command(t, "verify", "--db", db, "--json")
	if err := json.Unmarshal([]byte(r.out), &v); err != nil {
		t.Fatalf("verify: %v, exit code %d: %s%s", err, r.code, r.out, r.errOut)
	}
	if r.code != 0 || len(v.Differences) > 0 {
		t.Errorf("verify: exit code %d, differences %+v", r.code, v.Differences)
	}
	return v
}

// notice is a signed notification about one message to one recipient.
type notice struct {
	message, recipient, word string
	body                     []byte
}

// suppresses tells whether the recipient must not be mailed any more.
func (n notice) suppresses() bool { return n.word == "Bounce" }

// notices makes n signed notifications, each of a message of its own, about few people, as a load that meets itself.
func notices(t testing.TB, signer *snssign.Signer, name string, n int) []notice {
	t.Helper()
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	list := make([]notice, n)
	for i := range list {
		// Words go round faster than people, so everybody meets every word.
		word := []string{"Send", "Delivery", "Open", "Bounce"}[i%4]
		to := fmt.Sprintf("person-%02d@acme.test", i/4%60)
		id := fmt.Sprintf("%s-%06d", name, i)
		list[i] = notice{id, to, word, signer.Notification(topic, uuid(i), record(word, id, to, at.Add(time.Duration(i)*time.Millisecond)), at)}
	}
	return list
}

func uuid(i int) string { return fmt.Sprintf("5f1c2d3e-0000-4000-8000-%012x", i) }

// record is what SES says of a message.
func record(word, message, to string, at time.Time) string {
	stamp := at.Format("2006-01-02T15:04:05.000Z")
	inner := map[string]any{
		"eventType": word,
		"mail": map[string]any{
			"timestamp": stamp, "messageId": message, "source": "app@send.test", "destination": []string{to},
			"tags": map[string][]string{"templateKey": {"welcome"}},
		},
		strings.ToLower(word): map[string]any{
			"timestamp": stamp, "recipients": []string{to}, "userAgent": "Mozilla/5.0", "ipAddress": "192.0.2.7",
			"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "f-" + message,
			"bouncedRecipients": []map[string]string{{"emailAddress": to}},
		},
	}
	b, _ := json.Marshal(inner) // maps of texts always marshal
	return string(b)
}

// suppressed are the addresses that an active suppression for a reason holds, by the command.
func suppressed(t testing.TB, db, reason string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for cursor := ""; ; {
		var page struct {
			Suppressions []struct{ Address, Reason string }
			NextCursor   string
		}
		ask(t, &page, "suppressions", "list", "--db", db, "--reason", reason, "--limit", "1000", "--cursor", cursor)
		for _, s := range page.Suppressions {
			if found[s.Address] || s.Reason != reason {
				t.Errorf("suppression of %s for %s, asked for %s, or it is there twice", s.Address, s.Reason, reason)
			}
			found[s.Address] = true
		}
		if cursor = page.NextCursor; cursor == "" {
			return found
		}
	}
}

func short(b []byte) string { return string(b[:cmp.Or(min(len(b), 300), len(b))]) }
