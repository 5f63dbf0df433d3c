// Package bucket provides the other side of imports from S3: a server that speaks its protocol and has one bucket, in the
// memory of a test, and that refuses, breaks and counts as the test wants.
package bucket

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Name is what the bucket is called.
const Name = "archive"

// Server is such a server. Make it with Serve.
type Server struct {
	URL string // the endpoint

	backend *s3mem.Backend
	s3      http.Handler

	mu       sync.Mutex
	lists    int
	gets     []string // the ranges that were asked for, in order: "bytes=7-", or "" for a whole object
	answer   func(*http.Request) (Answer, bool)
	breaking func(key string, get int) int64
}

// Answer is an error in S3's form that takes the place of the true answer.
type Answer struct {
	Status int
	Code   string            // "AccessDenied"
	Header map[string]string // besides
}

// Serve starts a server that ends with the test.
func Serve(t testing.TB) *Server {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(Name); err != nil {
		t.Fatal(err)
	}
	s := &Server{backend: backend, s3: gofakes3.New(backend).Server()}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Environment is what a program that shall use the server is given.
func (s *Server) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL, "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// Put stores an object. meta are headers of it.
func (s *Server) Put(t testing.TB, key, text string, meta map[string]string) {
	t.Helper()
	_, err := s.backend.PutObject(Name, key, meta, strings.NewReader(text), int64(len(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
}

// Answer gives what a function returns with true instead of the true answer; nil: none any more.
func (s *Server) Answer(f func(*http.Request) (Answer, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Break cuts connections while they bring objects: after as many bytes as the function returns for a key and the number of
// times that an object was asked for, from 0; below 0: not.
func (s *Server) Break(f func(key string, get int) int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breaking = f
}

// Gets are the ranges of all questions for objects so far.
func (s *Server) Gets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.gets...)
}

// Lists is how many pages of keys were asked for.
func (s *Server) Lists() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lists
}

// ServeHTTP answers as S3 does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"+Name), "/")
	answer, given, limit := s.note(r, key)
	if key != "" && !given {
		answer, given = s.changed(r, key)
	}
	if given {
		for name, value := range answer.Header {
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(answer.Status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>as the test wants</Message></Error>", answer.Code)
		return
	}
	if limit >= 0 {
		w = &breaking{ResponseWriter: w, left: limit}
	}
	s.s3.ServeHTTP(w, r)
}

// note counts a question, and returns what the test wants of it: its answer, or where it breaks.
func (s *Server) note(r *http.Request, key string) (answer Answer, given bool, limit int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit = -1
	if s.answer != nil {
		answer, given = s.answer(r)
	}
	if key == "" {
		s.lists++
		return answer, given, limit
	}
	if s.breaking != nil && !given {
		limit = s.breaking(key, len(s.gets))
	}
	s.gets = append(s.gets, r.Header.Get("Range"))
	return answer, given, limit
}

// changed refuses an object that is another one than it was, which the library below does not do of itself.
func (s *Server) changed(r *http.Request, key string) (Answer, bool) {
	want := strings.Trim(r.Header.Get("If-Match"), `"`)
	o, err := s.backend.HeadObject(Name, key)
	if err != nil || want == "" || want == fmt.Sprintf("%x", o.Hash) {
		return Answer{}, false
	}
	return Answer{Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"}, true
}

// breaking passes on some bytes and ends the connection.
type breaking struct {
	http.ResponseWriter
	left int64
}

// Write writes what may still be written.
func (b *breaking) Write(p []byte) (int, error) {
	if int64(len(p)) <= b.left {
		b.left -= int64(len(p))
		return b.ResponseWriter.Write(p)
	}
	_, _ = b.ResponseWriter.Write(bytes.Clone(p[:b.left]))
	_ = http.NewResponseController(b.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// Object is what an object has; ok is false where there is none.
func (s *Server) Object(t testing.TB, key string) (body []byte, ok bool) {
	t.Helper()
	o, err := s.backend.GetObject(Name, key, nil)
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer o.Contents.Close()
	if body, err = io.ReadAll(o.Contents); err != nil {
		t.Fatal(err)
	}
	return body, true
}
