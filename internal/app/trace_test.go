package app_test

import (
	"net/http"
	"strings"
	"testing"

	"tidings/test/collector"
)

func TestRequestsAreTracedWhereACollectorIsNamed(t *testing.T) {
	peer := collector.Start()
	defer peer.Close()
	o := options(t)
	o.Config.OTLPEndpoint = peer.URL
	a, stop := start(t, o)
	takeInSimulated(t, a)
	get(t, "http://"+a.Address()+"/events")
	get(t, "http://"+a.Address()+"/in/ses/a-stranger-with-a-wrong-token")
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	spans, wrong := peer.Spans()
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	named := map[string]int{}
	for _, s := range spans {
		named[s.GetName()]++
		if strings.Contains(s.String(), "a-stranger") {
			t.Errorf("a span holds what stood for a token: %v", s)
		}
	}
	for _, name := range []string{"take in ses", "prove and read", "judge and encode", "commit", "listEvents"} {
		if named[name] == 0 {
			t.Errorf("no span %q in %v", name, named)
		}
	}
}
