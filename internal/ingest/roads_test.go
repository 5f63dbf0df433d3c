package ingest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tidings/internal/ingest"
	"tidings/internal/source"
	"tidings/provider"
	"tidings/provider/ses"
)

var errAway = errors.New("away")

const (
	apiKey    = "key-1"
	requestID = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"

	maxDelivery = 6 << 20
)

// newKeyedTown is a town whose source has an API key. Firehose's bodies are bounded at less than by AWS, because
// filling the real bound takes the race detector half a minute.
func newKeyedTown(t *testing.T) *town {
	t.Helper()
	return newTown(t, func(s *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) {
		s.Settings.Secrets, s.Path = []string{apiKey}, "main"
		adapter := ses.Adapter
		adapter.Road = func(h http.Header) provider.Road {
			road := ses.Adapter.Road(h)
			road.MaxBody = min(road.MaxBody, maxDelivery)
			return road
		}
		o.Adapters = []provider.Adapter{adapter}
	})
}

// delivery is a body of Firehose with a record for each text.
func delivery(texts ...string) []byte {
	var b bytes.Buffer
	b.WriteString(`{"requestId":"` + requestID + `","timestamp":1777889701000,"records":[`)
	for i, text := range texts {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"data":"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"}`)
	}
	b.WriteString("]}")
	return b.Bytes()
}

func (w *town) firehose(path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	w.tb.Helper()
	return w.post(path, body, append([]string{
		"Content-Type", "application/json", "X-Amz-Firehose-Protocol-Version", "1.0",
		"X-Amz-Firehose-Request-Id", requestID, "X-Amz-Firehose-Access-Key", apiKey,
	}, headers...)...)
}

// answered checks an answer in Firehose's form.
func (w *town) answered(rec *httptest.ResponseRecorder, status int, message string) {
	w.tb.Helper()
	var answer struct {
		RequestID string `json:"requestId"`
		Timestamp int64  `json:"timestamp"`
		Error     string `json:"errorMessage"`
	}
	body := rec.Body.Bytes()
	err := json.Unmarshal(body, &answer)
	if rec.Code != status || err != nil || rec.Header().Get("Content-Type") != "application/json" ||
		answer.RequestID != requestID || answer.Timestamp != w.clock.Now().UnixMilli() ||
		!strings.Contains(answer.Error, message) || (answer.Error == "") != (status == http.StatusOK) {
		w.tb.Errorf("status %d, %s %s: %v; want %d and %q", rec.Code, rec.Header(), body, err, status, message)
	}
}

func packed(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestADeliveryOfFirehoseIsStoredOnceAndAnsweredInItsForm(t *testing.T) {
	t.Parallel()
	w := newKeyedTown(t)
	body := delivery(bounceMessage(1)+"\n", bounceMessage(2)+bounceMessage(3), "broken")
	w.answered(w.firehose(in, body), http.StatusOK, "")
	w.answered(w.firehose(in, body), http.StatusOK, "")
	w.answered(w.firehose("/in/ses/main", packed(t, body), "Content-Encoding", "gzip"), http.StatusOK, "")
	if got := w.book.stored(); got != "1 receipts, 3 events, 1 problems" {
		t.Error(got)
	}
}

func TestADeliveryThatIsNotTakenIsAnsweredInItsForm(t *testing.T) {
	t.Parallel()
	w := newKeyedTown(t)
	body := delivery(bounceMessage(1))
	bomb := packed(t, make([]byte, maxDelivery+1))
	w.answered(w.firehose(in, body, "X-Amz-Firehose-Access-Key", "x"), http.StatusForbidden, "secrets")
	w.answered(w.firehose("/in/ses/nobody", body), http.StatusForbidden, "no source has this URL")
	w.answered(w.firehose(in, body, "Content-Encoding", "br"), http.StatusUnsupportedMediaType, "gzip")
	w.answered(w.firehose(in, body, "Content-Encoding", "gzip"), http.StatusBadRequest, "gzip")
	w.answered(w.firehose(in, bomb, "Content-Encoding", "gzip"), http.StatusBadRequest, "limit of 6291456 bytes")
	w.answered(w.firehose(in, []byte("{")), http.StatusBadRequest, "not a Firehose delivery")
	w.book.fail(errAway)
	w.answered(w.firehose(in, body), http.StatusServiceUnavailable, "")
	// What SNS posts is not packed, whatever Firehose may do.
	w.expect(w.post(in, packed(t, body), "Content-Encoding", "gzip"), http.StatusUnsupportedMediaType, "encoded_body")
}

func TestALargeBodyIsNotReadOfWhoCanNotProveItself(t *testing.T) {
	t.Parallel()
	w := newKeyedTown(t)
	for key, status := range map[string]int{"": http.StatusUnauthorized, "x": http.StatusForbidden} {
		body := &unread{t: t}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/in/ses/main", body)
		r.ContentLength = maxDelivery
		r.Header.Set("X-Amz-Firehose-Request-Id", requestID)
		r.Header.Set("X-Amz-Firehose-Access-Key", key)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		w.answered(rec, status, "secrets")
	}
}

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u *unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, errAway
}

func TestADeliveryMayBeLargerThanWhatSNSPosts(t *testing.T) {
	t.Parallel()
	w := newKeyedTown(t)
	pad := strings.Repeat("x", 100<<10)
	var texts []string
	size := 0
	for n := 0; size < maxDelivery-1<<20; n++ {
		text := strings.Replace(bounceMessage(n), `"source":"`, `"subject":"`+pad+`","source":"`, 1)
		texts, size = append(texts, text), size+len(text)/3*4+16
	}
	w.answered(w.firehose(in, delivery(texts...)), http.StatusOK, "")
	if got, want := w.book.stored(), fmt.Sprintf("1 receipts, %d events, 0 problems", len(texts)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestOneFactByFourRoadsIsOneEventOfFourReceipts(t *testing.T) {
	t.Parallel()
	w := newKeyedTown(t)
	fact := bounceMessage(1)
	bridged := `{"version":"0","id":"` + uuid(9) + `","detail-type":"Email Bounced","source":"aws.ses","time":"2026-05-04T10:15:00Z","detail":` + fact + `}`
	quoted, err := json.Marshal(fact)
	if err != nil {
		t.Fatal(err)
	}
	lambda := `{"Records":[{"eventSource":"aws:sqs","messageId":"` + uuid(8) + `","body":` + string(quoted) + `}]}`
	for range 2 {
		w.expect(w.post(in, w.bounce(1)), http.StatusOK, "")
		w.expect(w.post(in, []byte(bridged), "X-Api-Key", apiKey), http.StatusOK, "")
		w.expect(w.post(in, []byte(lambda), "X-Api-Key", apiKey), http.StatusOK, "")
		w.answered(w.firehose(in, delivery(fact)), http.StatusOK, "")
	}
	if got := w.book.stored(); got != "4 receipts, 1 events, 0 problems" {
		t.Error(got)
	}
	w.expect(w.post("/in/ses/main", []byte(bridged), "X-Api-Key", apiKey), http.StatusForbidden, "token_needed")
}
