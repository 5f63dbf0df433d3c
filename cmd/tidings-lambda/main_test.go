package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// lambda is the other side of the runtime API: it hands out invocations and takes their answers.
type lambda struct {
	*httptest.Server
	payloads chan string
	answers  chan string // path after /invocation/ and body
}

func newLambda(t *testing.T, deadline time.Time) *lambda {
	t.Helper()
	l := &lambda{payloads: make(chan string, 1), answers: make(chan string, 1)}
	n := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case payload := <-l.payloads:
			n++
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("id-%d", n))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(deadline.UnixMilli()))
			_, _ = io.WriteString(w, payload)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{how}", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		l.answers <- r.PathValue("id") + " " + r.PathValue("how") + " " + string(body)
	})
	l.Server = httptest.NewServer(mux)
	t.Cleanup(l.Close)
	return l
}

// tidings is the source's side: it refuses what holds one of its words and keeps the rest.
type tidings struct {
	*httptest.Server
	mu     sync.Mutex
	stored []string
	keys   map[string]bool
}

func newTidings(t *testing.T) *tidings {
	t.Helper()
	s := &tidings{keys: map[string]bool{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.keys[r.URL.Path+" "+r.Header.Get("X-Api-Key")] = true
		switch {
		case bytes.Contains(body, []byte("busy")):
			w.WriteHeader(http.StatusServiceUnavailable)
		case bytes.Contains(body, []byte("forbidden")):
			http.Error(w, `{"code":"wrong_api_key"}`, http.StatusForbidden)
		case bytes.Contains(body, []byte("elsewhere")):
			http.Redirect(w, r, "/login", http.StatusFound)
		default:
			s.stored = append(s.stored, string(body))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// start runs the function between the two.
func start(t *testing.T, l *lambda, target string, log io.Writer) {
	t.Helper()
	env := map[string]string{
		"TIDINGS_URL": target, "TIDINGS_API_KEY": "key-1", "AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(l.URL, "http://"),
	}
	f, r, err := configure(func(k string) string { return env[k] }, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx, f.invoke) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		f.client.CloseIdleConnections()
		r.client.CloseIdleConnections()
	})
}

func message(id, body string) string {
	text, _ := json.Marshal(body)
	return `{"messageId":"` + id + `","receiptHandle":"handle","body":` + string(text) +
		`,"attributes":{"ApproximateReceiveCount":"3"},"eventSource":"aws:sqs"}`
}

func TestAnInvocationIsForwardedAndAnswered(t *testing.T) {
	t.Parallel()
	const sns = `{"EventSource":"aws:sns","Sns":{"Message":"%s"}}`
	for _, c := range []struct {
		name, payload, answer string
		stored                []string
	}{
		{
			"all are stored", `{"Records":[` + message("q1", "one") + `]}`, `response {"batchItemFailures":[]}`,
			[]string{`{"Records":[{"eventSource":"aws:sqs","messageId":"q1","body":"one"}]}`},
		},
		{
			"some are not stored",
			`{"Records":[` + message("q1", "busy") + `,` + message("q2", "two") + `,` + message("q3", "forbidden") + `,` + message("q4", "elsewhere") + `]}`,
			`response {"batchItemFailures":[{"itemIdentifier":"q1"},{"itemIdentifier":"q3"},{"itemIdentifier":"q4"}]}`,
			[]string{`{"Records":[{"eventSource":"aws:sqs","messageId":"q2","body":"two"}]}`},
		},
		{
			"SNS", `{"Records":[` + fmt.Sprintf(sns, "one") + `]}`, `response {"batchItemFailures":[]}`,
			[]string{`{"Records":[` + fmt.Sprintf(sns, "one") + `]}`},
		},
		{
			"SNS that is not stored", `{"Records":[` + fmt.Sprintf(sns, "busy") + `]}`,
			`error {"errorMessage":"the source answered 503: ","errorType":"NotStored"}`, nil,
		},
		{"EventBridge", `{"detail-type":"a","detail":{}}`, `response {"batchItemFailures":[]}`, []string{`{"detail-type":"a","detail":{}}`}},
		{
			"EventBridge that is not stored", `{"detail-type":"busy","detail":{}}`,
			`error {"errorMessage":"the source answered 503: ","errorType":"NotStored"}`, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, s := newLambda(t, time.Now().Add(time.Minute)), newTidings(t)
			start(t, l, s.URL+"/in/ses/token", io.Discard)
			for _, id := range []string{"id-1", "id-2"} { // it goes on after an answer
				l.payloads <- c.payload
				if got := <-l.answers; got != id+" "+c.answer {
					t.Errorf("answer %s, want %s %s", got, id, c.answer)
				}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.stored) != 2*len(c.stored) || len(c.stored) > 0 && s.stored[0] != c.stored[0] {
				t.Errorf("stored %q, want twice %q", s.stored, c.stored)
			}
			if len(s.keys) != 1 || !s.keys["/in/ses/token key-1"] {
				t.Errorf("called %v", s.keys)
			}
		})
	}
}

func TestWhatIsNoInvocationIsAnError(t *testing.T) {
	t.Parallel()
	l := newLambda(t, time.Time{})
	start(t, l, "https://tidings.test/in/ses/token", io.Discard)
	l.payloads <- "{"
	if got := <-l.answers; !strings.HasPrefix(got, `id-1 error {"errorMessage":"read invocation: `) {
		t.Error(got)
	}
}

func TestASourceThatDoesNotAnswerLeavesTimeForTheAnswer(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(stuck) })
	var log lines
	l := newLambda(t, time.Now().Add(deadlineMargin+50*time.Millisecond))
	start(t, l, silent.URL+"/in/ses/secret-token", &log)
	l.payloads <- `{"Records":[` + message("q1", "one") + `]}`
	if got := <-l.answers; got != `id-1 response {"batchItemFailures":[{"itemIdentifier":"q1"}]}` {
		t.Error(got)
	}
	if text := log.String(); !strings.Contains(text, "q1") || strings.Contains(text, "secret-token") {
		t.Errorf("the log has no message or the token: %s", text)
	}
}

type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestAWrongEnvironmentIsSaidWithoutTheToken(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{
		{},
		{"TIDINGS_URL": "https://t.test/in/ses/secret", "AWS_LAMBDA_RUNTIME_API": "x"},
		{"TIDINGS_URL": "ftp://t.test/in/ses/secret", "TIDINGS_API_KEY": "k", "AWS_LAMBDA_RUNTIME_API": "x"},
		{"TIDINGS_URL": "https://t.test:port/in/ses/secret", "TIDINGS_API_KEY": "k", "AWS_LAMBDA_RUNTIME_API": "x"},
		{"TIDINGS_URL": "https://t.test/in/ses/secret", "TIDINGS_API_KEY": "k"},
	} {
		_, _, err := configure(func(k string) string { return env[k] }, slog.New(slog.DiscardHandler))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v", env, err)
		}
	}
}

func TestTheFunctionNeedsTheStandardLibraryAlone(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if first, _, _ := strings.Cut(strings.Trim(i.Path.Value, `"`), "/"); strings.Contains(first, ".") || first == "tidings" {
				t.Errorf("%s imports %s", file, i.Path.Value)
			}
		}
	}
}

// FuzzInvoke: whatever Lambda hands over, it is answered, and no message is named that was not given.
func FuzzInvoke(f *testing.F) {
	f.Add([]byte(`{"Records":[` + message("q1", "one") + `,null,7,{"Sns":{}}]}`))
	f.Add([]byte(`{"detail-type":"a"}`))
	refusing := &http.Client{Transport: refuse{}}
	fw := forwarder{url: "https://t.test", key: "k", client: refusing, log: slog.New(slog.DiscardHandler)}
	f.Fuzz(func(t *testing.T, payload []byte) {
		result, err := fw.invoke(t.Context(), payload)
		var given struct{ Records []json.RawMessage }
		_ = json.Unmarshal(payload, &given)
		if a, ok := result.(answer); err == nil && (!ok || len(a.BatchItemFailures) != len(given.Records)) {
			t.Fatalf("%d records, none stored, answer %+v", len(given.Records), result)
		}
	})
}

// refuse answers 503 to everything.
type refuse struct{}

func (refuse) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody}, nil
}
