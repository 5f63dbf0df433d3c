package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/provider/ses/snssign"
	"tidings/test/sqspeer"
)

func TestOneFactByEveryRoadOfSESIsOneEvent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db string) {
		const key, fact = "e2e-key", `{"eventType":"Bounce","mail":{"timestamp":"2026-05-04T10:12:00.120Z","messageId":"roads-1",` +
			`"source":"app@send.test","destination":["ghost@acme.test"]},"bounce":{"bounceType":"Permanent","bounceSubType":"General",` +
			`"bouncedRecipients":[{"emailAddress":"ghost@acme.test","status":"5.1.1"}],"timestamp":"2026-05-04T10:12:02.000Z","feedbackId":"f1"}}`
		peer := sqspeer.Start()
		t.Cleanup(peer.Close)
		s := serve(t, db, atAWS(peer.URL))
		signer, err := snssign.NewSigner(snssign.Config{})
		must(t, err)
		path := s.source("roads", signer.PEM(), "--topic", topic, "--secret", key, "--allow-raw", "--queue", peer.Queue).path
		signed := signer.Notification(topic, "22b80b92-fdea-4c2c-8f9d-000000000001", fact, time.Now())
		bridged := `{"version":"0","id":"22b80b92-fdea-4c2c-8f9d-000000000002","detail-type":"Email Bounced","source":"aws.ses",` +
			`"time":"` + time.Now().UTC().Format(time.RFC3339) + `","detail":` + fact + `}`
		quoted, err := json.Marshal(string(signed))
		must(t, err)
		lambda := `{"Records":[{"eventSource":"aws:sqs","messageId":"q1","body":` + string(quoted) + `}]}`
		firehose := `{"requestId":"r1","timestamp":1,"records":[{"data":"` +
			base64.StdEncoding.EncodeToString([]byte(fact+bridged+"\nbroken\n")) + `"}]}`
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, err = z.Write([]byte(firehose))
		must(t, err)
		must(t, z.Close())
		apiKey, access := http.Header{"X-Api-Key": {key}}, http.Header{
			"X-Amz-Firehose-Request-Id": {"r1"}, "X-Amz-Firehose-Access-Key": {key}, "Content-Encoding": {"gzip"},
		}
		for range 2 {
			for _, road := range []struct {
				header http.Header
				body   string
				answer string
			}{
				{http.Header{"X-Amz-Sns-Message-Type": {"Notification"}}, string(signed), ""},
				{apiKey, bridged, ""},
				{apiKey, lambda, ""},
				{access, packed.String(), `{"requestId":"r1","timestamp":`},
			} {
				r, err := s.do(http.MethodPost, path, strings.NewReader(road.body), road.header)
				if err != nil || r.status != http.StatusOK || !strings.HasPrefix(string(r.body), road.answer) {
					t.Errorf("%.60s: %v, %d %s", road.body, err, r.status, r.body)
				}
			}
		}
		for range 2 { // the queue brings the very messages that came over HTTP, and a record without an envelope
			peer.Send(string(signed), bridged, fact)
		}
		s.until("the queue is empty", func() bool { return peer.Len() == 0 })
		if list := s.facts(); len(list) != 1 || list[0].Message.ID != "roads-1" {
			t.Errorf("events %+v", list)
		}
		if distinct, came := s.receipts(); distinct != 6 || came != 14 {
			t.Errorf("%d receipts that came %d times, want 6 and 14", distinct, came)
		}
		if v := verify(t, db); v.Events != 1 {
			t.Errorf("a check of the database finds %d events", v.Events)
		}
	})
}

// An app's own event is one event by every road that leads to a source of SES, and by import.
func TestOneCustomEventByEveryRoadIsOneEvent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db string) {
		const key = "e2e-key"
		s := serve(t, db)
		signer, err := snssign.NewSigner(snssign.Config{})
		must(t, err)
		path := s.source("apps", signer.PEM(), "--topic", topic, "--secret", key).path
		fact := `{"version":"0","id":"22b80b92-fdea-4c2c-8f9d-000000000011","detail-type":"invoice.paid","source":"shop.invoices",` +
			`"account":"111122223333","time":"` + time.Now().UTC().Format(time.RFC3339) + `","region":"eu-west-1","resources":[],` +
			`"detail":{"email":"Lea@acme.test","firstName":"Lea","amount":49}}`
		quoted, err := json.Marshal(fact)
		must(t, err)
		lambda := `{"Records":[{"eventSource":"aws:sqs","messageId":"q1","body":` + string(quoted) + `}]}`
		firehose := `{"requestId":"r1","timestamp":1,"records":[{"data":"` + base64.StdEncoding.EncodeToString([]byte(fact)) + `"}]}`
		apiKey, access := http.Header{"X-Api-Key": {key}}, http.Header{
			"X-Amz-Firehose-Request-Id": {"r1"}, "X-Amz-Firehose-Access-Key": {key},
		}
		for _, road := range []struct {
			header http.Header
			body   string
			status int
		}{
			{http.Header{}, fact, http.StatusUnauthorized}, // nobody vouches for it
			{http.Header{"X-Api-Key": {"guessed"}}, fact, http.StatusForbidden},
			{apiKey, fact, http.StatusOK},
			{apiKey, lambda, http.StatusOK},
			{access, firehose, http.StatusOK},
			{
				http.Header{"X-Amz-Sns-Message-Type": {"Notification"}},
				string(signer.Notification(topic, "22b80b92-fdea-4c2c-8f9d-000000000012", fact, time.Now())), http.StatusOK,
			},
		} {
			r, err := s.do(http.MethodPost, path, strings.NewReader(road.body), road.header)
			if err != nil || r.status != road.status {
				t.Errorf("%.60s: %v, %d, want %d %s", road.body, err, r.status, road.status, r.body)
			}
		}
		file := filepath.Join(t.TempDir(), "bus.json")
		must(t, os.WriteFile(file, []byte(fact), 0o600))
		var report struct{ New, Known int }
		ask(t, &report, "import", file, "--db", db)
		if report.New != 0 || report.Known != 1 {
			t.Errorf("the import: %+v", report)
		}
		var page struct {
			Events []struct {
				Name, Recipient string
				Data            struct{ Amount int }
			}
		}
		s.get("/events?name=invoice.paid", &page)
		if len(page.Events) != 1 || page.Events[0].Recipient != "lea@acme.test" || page.Events[0].Data.Amount != 49 {
			t.Errorf("%+v", page)
		}
		if v := verify(t, db); v.Events != 1 {
			t.Errorf("a check of the database finds %d events", v.Events)
		}
	})
}
