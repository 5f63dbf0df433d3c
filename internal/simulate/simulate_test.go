package simulate_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/simulate"
)

// source is a peer that proves every notification with the standard library alone and remembers what it was told.
type source struct {
	t     *testing.T
	key   *rsa.PublicKey
	mu    sync.Mutex
	posts int
	ids   map[string]int    // notifications by MessageId
	facts map[string]string // records by what makes a fact the same in both spellings
	fail  int               // requests to refuse before the first is accepted
}

type notification struct {
	Type, MessageId, TopicArn, Subject, Message, Timestamp, SignatureVersion, Signature string //nolint:revive,staticcheck // SNS's spelling
}

func newSource(t *testing.T, id *simulate.Identity) (*source, string) {
	t.Helper()
	block, _ := pem.Decode(id.CertificatePEM())
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	s := &source{t: t, key: c.PublicKey.(*rsa.PublicKey), ids: map[string]int{}, facts: map[string]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail > 0 {
		s.fail--
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	var n notification
	if err := json.Unmarshal(body, &n); err != nil {
		s.t.Errorf("the body is no JSON: %v\n%s", err, body)
	}
	signed := "Message\n" + n.Message + "\nMessageId\n" + n.MessageId + "\nSubject\n" + n.Subject +
		"\nTimestamp\n" + n.Timestamp + "\nTopicArn\n" + n.TopicArn + "\nType\n" + n.Type + "\n"
	digest := sha256.Sum256([]byte(signed))
	signature, _ := base64.StdEncoding.DecodeString(n.Signature)
	if err := rsa.VerifyPKCS1v15(s.key, crypto.SHA256, digest[:], signature); err != nil {
		s.t.Errorf("the signature does not hold: %v", err)
	}
	var record map[string]json.RawMessage
	if err := json.Unmarshal([]byte(n.Message), &record); err != nil {
		s.t.Errorf("the record is no JSON: %v\n%s", err, n.Message)
	}
	s.posts++
	s.ids[n.MessageId]++
	s.facts[factKey(s.t, record)] = n.Message
}

// factKey is what both spellings of a fact have in common.
func factKey(t *testing.T, record map[string]json.RawMessage) string {
	t.Helper()
	word := record["eventType"]
	if word == nil {
		word = record["notificationType"]
	}
	var mail struct {
		MessageID string `json:"messageId"`
	}
	if err := json.Unmarshal(record["mail"], &mail); err != nil {
		t.Error(err)
	}
	key := string(word) + mail.MessageID
	for _, object := range []string{"delivery", "bounce", "complaint", "deliveryDelay", "open", "click", "subscription"} {
		key += string(record[object])
	}
	return key
}

func identity(t *testing.T) *simulate.Identity {
	t.Helper()
	id, err := simulate.LoadIdentity(filepath.Join(t.TempDir(), "data", "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func options(url string) simulate.Options {
	return simulate.Options{URL: url, Seed: 7, Start: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Events: 3000, Recipients: 500}
}

func TestEveryNotificationIsSignedAndTheSummaryCountsWhatWasPosted(t *testing.T) {
	t.Parallel()
	id := identity(t)
	peer, url := newSource(t, id)
	peer.fail = 3
	sum, err := simulate.Run(t.Context(), options(url), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := simulate.Expected(options(url))
	want.Posts, want.Notifications, want.Retries = sum.Posts, sum.Notifications, sum.Retries
	if d := cmp.Diff(want, sum); d != "" {
		t.Errorf("summary (-of the world +of the run):\n%s", d)
	}
	if sum.Facts != 3000 || int(sum.Facts) != len(peer.facts) {
		t.Errorf("summary has %d facts, the peer saw %d, want 3000", sum.Facts, len(peer.facts))
	}
	if int(sum.Notifications) != len(peer.ids) || int(sum.Posts) != peer.posts {
		t.Errorf("summary has %d notifications in %d posts, the peer saw %d in %d",
			sum.Notifications, sum.Posts, len(peer.ids), peer.posts)
	}
	if sum.Posts <= sum.Notifications || sum.Notifications <= sum.Facts {
		t.Errorf("no noise: %d posts, %d notifications, %d facts", sum.Posts, sum.Notifications, sum.Facts)
	}
	if sum.Retries < 3 {
		t.Errorf("%d retries, want at least the 3 that were refused", sum.Retries)
	}
}

func TestTheSameSeedTellsTheSameStory(t *testing.T) {
	t.Parallel()
	id := identity(t)
	first, url1 := newSource(t, id)
	second, url2 := newSource(t, id)
	sum1, err := simulate.Run(t.Context(), options(url1), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	again := options(url2)
	again.Workers = 1
	sum2, err := simulate.Run(t.Context(), again, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum1.Retries, sum2.Retries = 0, 0
	if d := cmp.Diff(sum1, sum2); d != "" {
		t.Errorf("summaries differ (-first +second):\n%s", d)
	}
	if d := cmp.Diff(first.ids, second.ids); d != "" {
		t.Errorf("notifications differ:\n%s", d)
	}
}

func TestAnotherSeedTellsAnotherStory(t *testing.T) {
	t.Parallel()
	other := options("")
	other.Seed = 8
	if cmp.Equal(simulate.Expected(options("")).ByName, simulate.Expected(other).ByName) {
		t.Error("two seeds made the same events")
	}
}

func TestThePopulationLooksLikeLife(t *testing.T) {
	t.Parallel()
	o := options("")
	o.Events = 20_000
	o.Recipients = 2000
	sum := simulate.Expected(o)
	share := func(n event.Name) float64 { return 100 * float64(sum.ByName[n]) / float64(sum.ByName[event.EmailSent]) }
	for _, c := range []struct {
		name     event.Name
		low, top float64 // percent of the sends
	}{
		{event.EmailDelivery, 93, 98},
		{event.EmailBounce, 2, 6},
		{event.EmailDelay, 1, 3},
		{event.EmailOpen, 35, 70},
		{event.EmailClick, 3, 12},
		{event.EmailComplaint, 0.01, 0.5},
	} {
		if got := share(c.name); got < c.low || got > c.top {
			t.Errorf("%s is %.2f %% of the sends, want %.2f to %.2f", c.name, got, c.low, c.top)
		}
	}
	for _, reason := range []string{"hard_bounce", "soft_bounce", "complaint", "provider"} {
		if sum.Suppressed[reason] == 0 {
			t.Errorf("nobody is suppressed for %s", reason)
		}
	}
}

func TestARefusalThatIsFinalEndsTheRunWithTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "unknown topic", http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	sum, err := simulate.Run(t.Context(), options(server.URL), identity(t), nil)
	if err == nil || sum.Posts != 0 {
		t.Fatalf("err %v after %d posts, want a refusal", err, sum.Posts)
	}
	if want := `simulate: the source answered 403 Forbidden: unknown topic`; err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}

func TestAnIdentityIsMadeOnceAndReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "key.pem")
	first, err := simulate.LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := simulate.LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.CertificatePEM(), second.CertificatePEM()) {
		t.Error("the second load made another certificate")
	}
	peer, url := newSource(t, first)
	o := options(url)
	o.Events = 10
	if _, err := simulate.Run(t.Context(), o, second, nil); err != nil || peer.posts == 0 {
		t.Errorf("the identity that was read again does not sign: %v", err)
	}
}

func BenchmarkNotification(b *testing.B) {
	id, err := simulate.NewIdentity()
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	b.Cleanup(server.Close)
	o := options(server.URL)
	o.Events = int64(b.N)
	b.ResetTimer()
	if _, err := simulate.Run(b.Context(), o, id, nil); err != nil {
		b.Fatal(err)
	}
}
