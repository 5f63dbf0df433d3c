package api_test

import "net/http"

// sendDeeds are deeds of emails that are sent.
func sendDeeds() map[string]deed {
	return map[string]deed{
		"decideSend": {func(s *server, _ string) string {
			id := s.sends()
			s.call(http.MethodPost, "/sends/"+id+"/decision", `{"status":"canceled"}`).want(http.StatusOK)
			return id
		}, "status queued→canceled"},
	}
}

// sends asks for an email to one person, and returns its id.
func (s *server) sends() string {
	s.t.Helper()
	var sent struct {
		Data struct{ Emails []struct{ Send string } }
	}
	s.call(http.MethodPost, "/v1/send", `{"to":"mailed@acme.test","from":"app@send.test","subject":"Hi","body":"<p>Hi</p>"}`).
		want(http.StatusOK).into(&sent)
	return sent.Data.Emails[0].Send
}
