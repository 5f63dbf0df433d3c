package api_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/netguard"
)

func TestATestThatFailsIsAnAnswerAndNoError(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	var posted string
	s.control.Send = func(_ context.Context, method, url string, _ http.Header, _ []byte) netguard.Trip {
		posted = method + " " + url
		return netguard.Trip{Failed: netguard.StageResolve, Err: &net.DNSError{Name: "tidings.test", Err: "no such host"}}
	}
	answer := s.call(http.MethodPost, "/sources/"+src.ID+"/test", nil).want(http.StatusOK)
	golden(t, "source_test.json", bytes.ReplaceAll(answer.body, []byte(src.ID), []byte("src_1")))
	var got api.SourceTest
	answer.into(&got)
	if got.OK || len(posted) < len("POST https://tidings.test/in/ses/test.")+32 {
		t.Errorf("ok %t, posted %q", got.OK, posted)
	}
	s.call(http.MethodPost, "/sources/src_none/test", nil).want(http.StatusNotFound)
	var list api.SourceList
	s.call(http.MethodGet, "/sources", nil).want(http.StatusOK).into(&list)
	if len(list.Sources) != 1 || list.Sources[0].State != "new" {
		t.Errorf("%+v", list.Sources)
	}
}

func TestASourceThatIsTestedTooOftenIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.control.SelfTests = control.NewRates(2, time.Minute)
	s.control.Send = func(context.Context, string, string, http.Header, []byte) netguard.Trip {
		return netguard.Trip{Failed: netguard.StageResolve, Err: &net.DNSError{Name: "tidings.test", Err: "no such host"}}
	}
	src, other := s.newSource(), s.newSource()
	test := func(id string) answer { return s.call(http.MethodPost, "/sources/"+id+"/test", nil) }
	test(src.ID).want(http.StatusOK)
	test(src.ID).want(http.StatusOK)
	a := test(src.ID).want(http.StatusTooManyRequests)
	golden(t, "problems/too_many_tests.json", a.body)
	if got := a.header.Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After %q, want 30", got)
	}
	test(other.ID).want(http.StatusOK)
	s.pass(30 * time.Second)
	test(src.ID).want(http.StatusOK)
}
