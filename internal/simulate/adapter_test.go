package simulate_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/simulate"
	"tidings/provider"
	"tidings/provider/ses"
)

func TestTheAdapterReadsWhatTheSimulationMadeUp(t *testing.T) {
	t.Parallel()
	id := identity(t)
	o := options("")
	sum := simulate.Expected(o)
	block, _ := pem.Decode(id.CertificatePEM())
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	source := provider.Source{
		ID: "src_1", Project: "prj_1", Topics: []string{simulate.DefaultTopic}, SigningCertificate: certificate, TokenProved: true,
	}
	script := simulate.NewScript(o)
	byName, distinct := map[event.Name]int64{}, map[event.ID]bool{}
	now := o.Start.Add(10 * 24 * time.Hour)
	for range o.Events {
		var e simulate.Envelope
		script.Envelope(&e, script.Next())
		signature, err := id.SignText(e.Canonical(nil))
		if err != nil {
			t.Fatal(err)
		}
		request := provider.Request{
			Method: http.MethodPost, Body: e.Body(nil, signature),
			Header: http.Header{
				"Content-Type": {"text/plain; charset=UTF-8"}, "X-Amz-Sns-Message-Type": {"Notification"},
				"X-Amz-Sns-Message-Id": {string(e.ID())}, "X-Amz-Sns-Topic-Arn": {e.Topic()},
			},
		}
		result, err := ses.Adapter.Open(request, source, now)
		if err != nil {
			t.Fatalf("%v\n%s", err, request.Body)
		}
		if len(result.Problems) > 0 {
			t.Fatalf("problems %v\n%s", result.Problems, request.Body)
		}
		for _, d := range result.Drafts {
			finished, err := d.Finish(event.Origin{Project: "prj_1", Provider: "ses", ReceivedAt: now})
			if err != nil {
				t.Fatal(err)
			}
			byName[finished.Name]++
			distinct[finished.ID] = true
		}
	}
	if d := cmp.Diff(sum.ByName, byName); d != "" {
		t.Errorf("events by name (-made up +read):\n%s", d)
	}
	if int64(len(distinct)) != sum.Events {
		t.Errorf("%d distinct ids, want %d", len(distinct), sum.Events)
	}
}
