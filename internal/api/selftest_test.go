package api_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"testing"

	"tidings/internal/api"
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
