package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestEmailsAreListedByTheirNewestEvent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	golden(t, "messages.json", s.call(http.MethodGet, "/messages", nil).want(http.StatusOK).body)
	for query, want := range map[string]string{
		"?contact=lea@acme.test": "lea", "?contact=nobody@acme.test": "", "?template=onboarding/welcome": "lea", "?limit=1": "lea",
		"?source=" + src.ID: "lea full ghost", "?source=src_none": "", "?to=2026-05-04T10:12:30Z": "ghost lea", "?from=2026-05-05": "lea",
		"?status=bounced": "full ghost", "?status=email.complaint": "lea", "?status=opened": "", "?status=complained&template=other": "",
		"?status=Bounce&contact=ghost@acme.test": "ghost",
	} {
		var list struct {
			Messages []struct{ Recipient string }
			HasMore  bool
		}
		s.call(http.MethodGet, "/messages"+query, nil).want(http.StatusOK).into(&list)
		var words []string
		for _, m := range list.Messages {
			local, _, _ := strings.Cut(m.Recipient, "@")
			words = append(words, local)
		}
		if got := strings.Join(words, " "); got != want || list.HasMore != (query == "?limit=1") {
			t.Errorf("%s: %q, want %q; more %t", query, got, want, list.HasMore)
		}
	}
	a := s.call(http.MethodGet, "/messages?contact=lea&source=one&status=delayed&from=x&to=y&limit=0&cursor=ZQGaH26NL4xBmx5vDCp9XhE", nil)
	golden(t, "problems/messages_with_every_parameter_wrong.json", a.want(http.StatusUnprocessableEntity).body)
}
