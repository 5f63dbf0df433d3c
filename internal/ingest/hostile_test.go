package ingest_test

import (
	"net/http"
	"strings"
	"testing"

	"tidings/internal/ingest"
	"tidings/internal/source"
)

// Whatever comes: it is answered with a status of the table, our faults are none of its doing, and nobody learns a token.
func FuzzTheDoor(f *testing.F) {
	f.Add("POST", "ses/"+token, "", []byte("{}"))
	f.Add("POST", "ses/main", "identity", []byte(`{"Type":"Notification","Message":"{}"}`))
	f.Add("GET", "ses/"+token, "gzip", []byte{})
	f.Add("POST", "//%2e%2e/\x00", "", []byte("\xff"))
	f.Fuzz(func(t *testing.T, method, path, encoding string, body []byte) {
		if strings.ContainsAny(path, " ?#%\r\n\t") || strings.ContainsFunc(path, func(r rune) bool { return r < 32 || r > 126 }) {
			return // net/http never lets it through
		}
		if method != http.MethodGet && method != http.MethodPost {
			return
		}
		w := newTown(t, func(s *source.Source, _ *ingest.Options, _ *ingest.CommitterOptions) { s.Path = "main" })
		rec := w.request(method, "/in/"+path, body, "Content-Encoding", encoding)
		switch rec.Code {
		case 400, 403, 404, 405, 413, 415:
		default:
			t.Errorf("status %d: %s", rec.Code, rec.Body)
		}
		if strings.Contains(rec.Body.String()+w.log.String(), token) {
			t.Errorf("somebody learns the token: %s", rec.Body)
		}
		if got := w.book.stored(); got != "0 receipts, 0 events, 0 problems" {
			t.Error(got)
		}
	})
}
