package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider/ses/snssign"
	"tidings/test/collector"
	"tidings/test/sqspeer"
)

func TestAServerReadsTheQueueOfASourceWithItsOwnSettingsOfAWS(t *testing.T) {
	peer, traces := sqspeer.Start(), collector.Start()
	defer peer.Close()
	defer traces.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": peer.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	o := options(t)
	o.Config.OTLPEndpoint = traces.URL
	a, stop := start(t, o)
	signer, err := snssign.NewSigner(snssign.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const topic = "arn:aws:sns:eu-west-1:123456789012:events"
	who := control.Actor{Project: store.DefaultProject, By: "cli", Door: "cli"}
	_, err = a.Control().CreateSource(t.Context(), who, control.NewSource{Name: "queue", Provider: "ses", Settings: source.Settings{
		Topics: []string{topic}, SigningCertificate: string(signer.PEM()), Queue: peer.Queue,
	}})
	if err != nil {
		t.Fatal(err)
	}
	const fact = `{"eventType":"Send","mail":{"timestamp":"2026-05-04T10:12:00.120Z","messageId":"m","destination":["a@acme.test"]}}`
	peer.Send(string(signer.Notification(topic, "22b80b92-fdea-4c2c-8f9d-000000000001", fact, time.Now())), "no text")
	if !peer.Until(20*time.Second, func() bool { return peer.Len() == 0 }) {
		t.Fatal("the queue is not emptied")
	}
	page, err := a.Control().ListEvents(t.Context(), who, control.EventFilter{})
	if err != nil || len(page.Events) != 1 {
		t.Errorf("events %+v, %v", page, err)
	}
	wants := []string{
		`tidings_queue_messages_total{provider="ses",what="committed"} 1`, `tidings_queue_messages_total{provider="ses",what="refused"} 1`,
		`tidings_queue_messages_total{provider="ses",what="deleted"} 2`, `tidings_queue_in_flight_messages{provider="ses"} 0`,
		`tidings_queue_lag_seconds_count{provider="ses"} 2`, `tidings_ingest_refusals_total{code="not_json",provider="ses"} 1`,
	}
	if !peer.Until(10*time.Second, func() bool { return missing(t, a.Address(), wants) == "" }) {
		t.Errorf("the metrics lack %s", missing(t, a.Address(), wants))
	}
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	spans, wrong := traces.Spans()
	named := map[string]int{}
	for _, s := range spans {
		named[s.GetName()]++
	}
	if len(wrong) > 0 || named["take in queued ses"] != 2 || named["commit"] != 2 {
		t.Errorf("spans %v, %v", named, wrong)
	}
}

// missing is the first line that the metrics of a server do not have; empty: they have all.
func missing(t *testing.T, address string, lines []string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if !strings.Contains(string(body), line+"\n") {
			return line
		}
	}
	return ""
}
