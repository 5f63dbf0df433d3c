package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestStatisticsAnswerWhatHappened(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	for _, target := range []string{
		"/stats", "/stats?by=template&unit=day", "/stats?by=source&unit=hour&zone=Europe/Berlin&from=2026-05-04&to=2026-05-05",
		"/stats?by=reason&name=bounced", "/stats/reasons?domain=Acme.test", "/stats/reasons?domain=nowhere.test&senderDomain=send.test",
		"/stats/overview?zone=America/New_York", "/stats/deliverability?from=2026-05-01&to=2026-05-06",
		"/stats/links", "/stats/funnel", "/stats/delays",
		"/stats/reach?template=onboarding/welcome&name=opened&name=clicked&machines=true",
	} {
		a := s.call(http.MethodGet, target, nil).want(http.StatusOK)
		name := strings.NewReplacer("/", "_", "?", "-", "&", "-", "=", "_").Replace(strings.TrimPrefix(target, "/"))
		golden(t, "stats/"+name+".json", sourceID.ReplaceAll(a.body, []byte("src_0000000000000000")))
	}
}

func TestStatisticsOfAnEmptyProjectAreEmptyLists(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, target := range []string{
		"/stats", "/stats/overview", "/stats/deliverability", "/stats/links", "/stats/funnel", "/stats/delays",
		"/stats/reach?template=x", "/stats/reasons?domain=x.test",
		"/stats/links?template=x&from=2026-05-01&to=2026-06-01",
	} {
		a := s.call(http.MethodGet, target, nil).want(http.StatusOK)
		if strings.Contains(string(a.body), "null") {
			t.Errorf("%s: %s", target, a.body)
		}
	}
}

func TestAWrongQuestionOfStatisticsIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for target, field := range map[string]string{
		"/stats?by=colour": "by", "/stats?unit=week": "unit", "/stats?zone=Mars": "zone", "/stats?from=x": "from",
		"/stats?limit=0": "limit", "/stats?name=email.opend": "name", "/stats/reach": "template", "/stats/links?limit=1001": "limit",
		"/stats/reasons": "domain", "/stats/reasons?senderDomain=a@b@c": "senderDomain", "/stats/reasons?domain=x.test&from=never": "from",
		"/stats/reasons?domain=@": "domain", "/stats/funnel?to=never": "to", "/stats/overview?colour=red": "colour", "/stats/delays?from=2026-05-01T01:00:00Z": "from",
	} {
		a := s.call(http.MethodGet, target, nil)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), `"`+field+`"`) {
			t.Errorf("%s: %d %s, want 422 for %s", target, a.status, a.body, field)
		}
	}
}
