package provider_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"tidings/provider"
)

func TestAHandlerReadsAndAnswersARoadInItsForm(t *testing.T) {
	t.Parallel()
	const id, key = "r1", "key-1"
	src := provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{key}}
	data := base64.StdEncoding.EncodeToString([]byte(record + record + "\n" + record))
	body := packed(t, []byte(`{"requestId":"`+id+`","timestamp":1,"records":[{"data":"`+data+`"}]}`))
	for _, c := range []struct {
		name, key string
		body      []byte
		fail      error
		status    int
		answer    string
		events    int
	}{
		{"taken", key, body, nil, 200, `{"requestId":"r1","timestamp":1777896000000}`, 3},
		{"a wrong key", "x", body, nil, 403, `{"requestId":"r1","timestamp":1777896000000,"errorMessage":"wrong_api_key"}`, 0},
		{"not packed", key, []byte("plainly no gzip"), nil, 400, `{"requestId":"r1","timestamp":1777896000000,"errorMessage":"bad_gzip"}`, 0},
		{"not handled", key, body, errors.New("disk full"), 503, `{"requestId":"r1","timestamp":1777896000000,"errorMessage":"our_fault"}`, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSink(src)
			s.fail = c.fail
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(c.body))
			r.Header.Set("Content-Encoding", "gzip")
			r.Header.Set("X-Amz-Firehose-Request-Id", id)
			r.Header.Set("X-Amz-Firehose-Access-Key", c.key)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != c.status || w.Body.String() != c.answer || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.answer)
			}
			if len(s.events) != c.events {
				t.Fatalf("%d events, want %d", len(s.events), c.events)
			}
			for _, e := range s.events {
				if string(e.Raw) != record {
					t.Errorf("raw %s", e.Raw)
				}
			}
		})
	}
}
