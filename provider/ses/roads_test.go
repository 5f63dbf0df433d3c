package ses_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
)

const requestID = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"

// roadSource takes every road.
func roadSource() provider.Source {
	s := source()
	s.AllowRaw, s.TokenProved, s.Secrets = true, true, []string{apiKey}
	return s
}

func keyed(body []byte) provider.Request {
	return provider.Request{Method: http.MethodPost, Header: http.Header{"X-Api-Key": {apiKey}}, Body: body}
}

func firehose(texts ...[]byte) provider.Request {
	records := make([]map[string]string, len(texts))
	for i, text := range texts {
		records[i] = map[string]string{"data": base64.StdEncoding.EncodeToString(text)}
	}
	return provider.Request{
		Method: http.MethodPost,
		Header: http.Header{"X-Amz-Firehose-Request-Id": {requestID}, "X-Amz-Firehose-Access-Key": {apiKey}},
		Body:   mustJSON(map[string]any{"requestId": requestID, "timestamp": noon.UnixMilli(), "records": records}),
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// bridged is a record as EventBridge wraps it; the envelope's time is the one that SNS signs in these tests.
func bridged(record []byte) []byte {
	return []byte(`{"version":"0","id":"` + messageID + `","detail-type":"Email Whatever","source":"aws.ses",` +
		`"account":"111122223333","time":"2026-05-04T12:00:00Z","region":"eu-west-1","resources":[],"detail":` + string(record) + `}`)
}

func lambdaSNS(record []byte) []byte {
	sns := fields()
	sns["Message"], sns["SigningCertUrl"], sns["UnsubscribeUrl"] = string(record), "https://x.test", "https://x.test"
	return mustJSON(map[string]any{"Records": []any{map[string]any{"EventSource": "aws:sns", "Sns": sns}}})
}

func lambdaSQS(bodies ...[]byte) []byte {
	records := make([]any, len(bodies))
	for i, body := range bodies {
		records[i] = map[string]any{"eventSource": "aws:sqs", "messageId": fmt.Sprint(i), "body": string(body)}
	}
	return mustJSON(map[string]any{"Records": records})
}

func envelope(record []byte) []byte {
	return signer().Notification(topicARN, messageID, string(record), noon)
}

// roads are all the ways in which one record can come.
var roads = map[string]func(record []byte) provider.Request{
	"SNS":                       func(r []byte) provider.Request { return request(http.Header{}, r, noon) },
	"EventBridge over SNS":      func(r []byte) provider.Request { return request(http.Header{}, bridged(r), noon) },
	"EventBridge":               func(r []byte) provider.Request { return keyed(bridged(r)) },
	"Firehose":                  func(r []byte) provider.Request { return firehose(r) },
	"EventBridge over Firehose": func(r []byte) provider.Request { return firehose(bridged(r)) },
	"SNS over Firehose":         func(r []byte) provider.Request { return firehose(envelope(r)) },
	"Lambda of SNS":             func(r []byte) provider.Request { return keyed(lambdaSNS(r)) },
	"Lambda of SQS":             func(r []byte) provider.Request { return keyed(lambdaSQS(r)) },
	"Lambda of SQS of SNS":      func(r []byte) provider.Request { return keyed(lambdaSQS(envelope(r))) },
	"Lambda of EventBridge":     func(r []byte) provider.Request { return keyed(lambdaSQS(bridged(r))) },
}

func TestOneFactIsOneEventWhateverItsRoad(t *testing.T) {
	t.Parallel()
	s := suite()
	files, err := filepath.Glob("testdata/*.http")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		header, record := s.Fixture(t, name)
		record = bytes.TrimSpace(record)
		bare := json.Valid(record) && !bytes.Contains(record, []byte(`"detail-type"`)) && header.Get("X-Api-Key") == ""
		if !bare || header.Get("X-Amz-Firehose-Request-Id") != "" {
			continue // wrapped already, or no record
		}
		want := events(t, roads["SNS"](record))
		compared += len(want)
		for road, request := range roads {
			if diff := cmp.Diff(want, events(t, request(record))); diff != "" {
				t.Errorf("%s by %s is another event than by SNS (-SNS +%s):\n%s", name, road, road, diff)
			}
		}
	}
	if compared < 30 {
		t.Errorf("only %d events were compared", compared)
	}
}

// events are the events of a request, without the bytes that they were made from.
func events(t *testing.T, req provider.Request) []event.Event {
	t.Helper()
	req.Certificates = certificates(signer(), topicARN)
	r, err := ses.Adapter.Open(req, roadSource(), noon)
	if err != nil {
		t.Fatal(err)
	}
	list, err := ses.Adapter.Finish(r, roadSource(), noon)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if !json.Valid(list[i].Raw) {
			t.Errorf("the event's raw bytes are %q", list[i].Raw)
		}
		list[i].Raw = nil
	}
	return list
}

func TestARequestWithoutSignatureIsProvedByTokenAndKey(t *testing.T) {
	t.Parallel()
	record := []byte(fields()["Message"])
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	const basic = "Basic dTpw" // u:p
	for _, c := range []struct {
		name   string
		header http.Header
		set    func(*provider.Source)
		want   string
	}{
		{"with its key", header("X-Api-Key", apiKey), func(*provider.Source) {}, ""},
		{"with the previous key", header("X-Api-Key", apiKey), func(s *provider.Source) { s.Secrets = []string{"new", apiKey} }, ""},
		{"without a token", header("X-Api-Key", apiKey), func(s *provider.Source) { s.TokenProved = false }, "token_needed"},
		{"without a key", header(), func(*provider.Source) {}, "no_credentials"},
		{"with another key", header("X-Api-Key", "key-2"), func(*provider.Source) {}, "wrong_api_key"},
		{"where there is no key", header("X-Api-Key", apiKey), func(s *provider.Source) { s.Secrets = nil }, "no_api_key"},
		{"with an empty key", header("X-Api-Key", ""), func(s *provider.Source) { s.Secrets = []string{""} }, "no_credentials"},
		{"with user and password", header("Authorization", basic), func(s *provider.Source) { s.BasicAuth = []string{"u:p"} }, ""},
		{"with user and password alone", header("Authorization", basic), func(s *provider.Source) { s.Secrets, s.BasicAuth = nil, []string{"u:p"} }, ""},
		{"with another password", header("Authorization", basic), func(s *provider.Source) { s.BasicAuth = []string{"u:q"} }, "wrong_credentials"},
		{"with another key beside the password", header("Authorization", basic, "X-Api-Key", "x"), func(s *provider.Source) { s.BasicAuth = []string{"u:p"} }, "wrong_api_key"},
		{"of another account", header("X-Api-Key", apiKey), func(s *provider.Source) { s.Account = "1" }, "wrong_account"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := roadSource()
			c.set(&src)
			r, err := ses.Adapter.Open(provider.Request{Method: "POST", Header: c.header, Body: bridged(record)}, src, noon)
			if got := code(t, r, err); got != c.want {
				t.Errorf("EventBridge: code %q, want %q", got, c.want)
			}
			if c.want == "wrong_account" { // one of a batch costs only itself
				return
			}
			r, err = ses.Adapter.Open(provider.Request{Method: "POST", Header: c.header, Body: lambdaSNS(record)}, src, noon)
			if got := code(t, r, err); got != c.want {
				t.Errorf("Lambda: code %q, want %q", got, c.want)
			}
		})
	}
}

func TestSNSHeadersLeadToSNSAlone(t *testing.T) {
	t.Parallel()
	req := keyed(bridged([]byte(fields()["Message"])))
	req.Header.Set("X-Amz-Sns-Message-Type", "Notification")
	r, err := ses.Adapter.Open(req, roadSource(), noon)
	if got := code(t, r, err); got != "bad_envelope" {
		t.Errorf("code %q", got)
	}
}

func TestAnEventOfEventBridgeIsAsOldAsItSays(t *testing.T) {
	t.Parallel()
	src := roadSource()
	src.MaxAge = time.Hour
	req := keyed(bridged([]byte(fields()["Message"])))
	for after, want := range map[int]string{0: "", 59: "", 61: "stale", -6: "future"} {
		r, err := ses.Adapter.Open(req, src, noon.Add(time.Duration(after)*time.Minute))
		if got := code(t, r, err); got != want {
			t.Errorf("after %d minutes: code %q, want %q", after, got, want)
		}
	}
}
