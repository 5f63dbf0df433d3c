package e2e_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/provider/ses/snssign"
)

// bad is a request that must be refused: with which status, and with which words that tell what is wrong.
type bad struct {
	name, method, path string
	body               string
	header             http.Header
	status             int
	says               []string
}

// house is a server with a few doors, some of them closed.
type house struct {
	*server
	signer                *snssign.Signer
	open, disabled, basic string // paths of sources
	revoked, public       string // keys
	event                 string // id of the one event
}

func newHouse(t *testing.T, db string) *house {
	t.Helper()
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	s := serve(t, db)
	_, s.key = s.apiKey("secret")
	b := &house{server: s, signer: signer, open: s.source("open", signer.PEM()).path}
	disabled := s.source("disabled", signer.PEM())
	b.disabled = disabled.path
	b.basic = s.source("basic", signer.PEM(), "--topic", topic, "--basic-auth", "sns:correct-horse-battery").path
	if r := command(t, "source", "disable", "--db", db, disabled.ID); r.code != 0 {
		t.Fatalf("disable the source: %s", r.errOut)
	}
	var id string
	id, b.revoked = s.apiKey("secret")
	_, b.public = s.apiKey("public")
	if r := command(t, "key", "revoke", "--db", db, id); r.code != 0 {
		t.Fatalf("revoke the key: %s", r.errOut)
	}
	good := notices(t, signer, "good", 1)[0]
	if r, err := s.post(b.open, good.body); err != nil || r.status != http.StatusOK {
		t.Fatalf("the good one: %v, %d %s", err, r.status, r.body)
	}
	b.event = s.events()[0].ID
	return b
}

// envelope is a signed notification whose fields may be changed before it is signed.
func (b *house) envelope(change func(map[string]string)) string {
	fields := map[string]string{
		"Type": "Notification", "MessageId": uuid(9), "TopicArn": topic, "Timestamp": snssign.Timestamp(time.Now()),
		"Message": record("Send", "bad", "bad@acme.test", time.Now().UTC()),
	}
	change(fields)
	return string(b.signer.Sign(fields))
}

func same(map[string]string) {}

// posts are what must not come in.
func (b *house) posts() []bad {
	good := b.envelope(same)
	inject := func(json string) string { return strings.Replace(good, "{", "{"+json+",", 1) }
	post := func(name, body string, status int, says ...string) bad {
		return bad{name: name, method: http.MethodPost, path: b.open, body: body, status: status, says: says}
	}
	with := func(x bad, path string, header http.Header) bad {
		if path != "" {
			x.path = path
		}
		x.header = header
		return x
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprint(z, good)
	z.Close()
	return []bad{
		post("oversized", strings.Repeat(" ", 2<<20+1), 413, "body_too_large", "2097152"),
		post("truncated JSON", good[:len(good)/2], 400, "not_json"),
		post("empty", "", 400, "not_json"),
		with(post("a form", "Message=hello&Type=Notification", 400, "not_json"), "",
			http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}),
		with(post("compressed", zipped.String(), 415, "encoded_body", "Content-Encoding"), "", http.Header{"Content-Encoding": {"gzip"}}),
		with(post("compressed but not said", zipped.String(), 400, "not_json"), "", nil),
		post("deep JSON", inject(`"MessageAttributes":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)), 400, "too_deep", "64"),
		post("deepest JSON", strings.Repeat(`{"a":`, 300_000), 400),
		post("a huge number", inject(`"MessageAttributes":1e999999`), 400, "huge_number", "400"),
		post("a long number", inject(`"MessageAttributes":`+strings.Repeat("9", 500_000)), 400, "huge_number"),
		post("bad UTF-8", inject("\"x\":\"\xff\xfe\""), 400, "not_json", "UTF-8"),
		post("a lone surrogate", inject(`"x":"\ud800"`), 400, "not_json"),
		post("a NUL between values", inject("\x00\"x\":1"), 400, "not_json"),
		post("a NUL in a field", b.envelope(func(f map[string]string) { f["Subject"] = "a\x00b" }), 403, "bad_envelope", "Subject"),
		post("a duplicate key", inject(`"TopicArn":"`+topic+`"`), 400, "duplicate_key", "TopicArn"),
		post("a key in another case", inject(`"topicarn":"arn:aws:sns:eu-west-1:999999999999:stranger"`), 400, "case_variant_key", "topicarn"),
		post("JSON of another kind", `["Notification"]`, 400, "unexpected_shape", "object"),
		post("JSON with more behind it", good+"{}", 400, "not_json"),
		post("a changed body", strings.Replace(good, "bad@", "evil@", 1), 403, "bad_signature"),
		post("a stranger's topic", b.envelope(func(f map[string]string) { f["TopicArn"] = topic + "-stranger" }), 403, "topic"),
		post("an old message", b.envelope(func(f map[string]string) { f["Timestamp"] = "2020-01-01T00:00:00.000Z" }), 403, "stale", "maxAge"),
		post("no message id", b.envelope(func(f map[string]string) { f["MessageId"] = "1" }), 403, "bad_envelope", "MessageId"),
		with(post("raw delivery", record("Send", "raw", "raw@acme.test", time.Now()), 403, "raw_not_allowed", "allowRaw"), "",
			http.Header{"X-Amz-Sns-Rawdelivery": {"true"}}),
		with(post("headers that contradict", good, 403, "X-Amz-Sns-"), "", http.Header{"X-Amz-Sns-Message-Id": {uuid(8)}}),
		with(post("wrong token", good, 403, "unknown_source"), b.open[:len(b.open)-3]+"abc", nil),
		with(post("no token", good, 404, "unknown_provider", "/in/{provider}/{token}"), "/in/ses", nil),
		with(post("unknown provider", good, 404, "unknown_provider"), "/in/pigeon/x", nil),
		with(post("disabled source", good, 403, "source_disabled"), b.disabled, nil),
		with(post("no basic auth", good, 401, "basic"), b.basic, nil),
		with(post("wrong basic auth", good, 403, "basic"), b.basic, http.Header{"Authorization": {"Basic c25zOndyb25n"}}),
		{name: "GET", method: http.MethodGet, path: b.open, status: 405, says: []string{"wrong_method", "GET"}},
		{name: "PUT", method: http.MethodPut, path: b.open, body: good, status: 405, says: []string{"wrong_method", "PUT"}},
	}
}

// questions are what can't be answered.
func (b *house) questions() []bad {
	ask := func(name, path string, status int, says ...string) bad {
		return bad{name: name, method: http.MethodGet, path: path, status: status, says: says}
	}
	with := func(key string, x bad) bad {
		x.header = http.Header{"Authorization": {"Bearer " + key}}
		if key == "" {
			x.header = http.Header{"Authorization": nil}
		}
		return x
	}
	change := func(name, method, path, body string, status int, says ...string) bad {
		return bad{
			name: name, method: method, path: path, body: body, status: status, says: says,
			header: http.Header{"Content-Type": {"application/json"}},
		}
	}
	form := change("a form to the API", http.MethodPost, "/sources", "name=a&provider=ses", 415, "application/json")
	form.header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	return []bad{
		with("", ask("no key", "/events", 401, "key")),
		with("sk_wrong", ask("unknown key", "/events", 401, "key")),
		with(b.revoked, ask("revoked key", "/events", 401, "key")),
		with(b.public, ask("public key", "/events", 403, "public_key", "secret key")),
		with(b.public, ask("public key on the raw body", "/events/"+b.event+"/raw", 403, "public_key")),
		ask("bad cursor", "/events?cursor=abc", 422, "bad_cursor", `"field":"cursor"`, "nextCursor"),
		ask("cursor of another list", "/receipts?cursor=ZQGaH26NL4xBmx5vDCp9XhE", 422, "bad_cursor", `"field":"cursor"`),
		ask("bad date", "/events?from=yesterday", 422, `"field":"from"`, "yesterday"),
		ask("a day that is none", "/events?to=2026-02-30", 422, `"field":"to"`),
		ask("backwards", "/events?from=2026-05-05&to=2026-05-04", 422, "from"),
		ask("unknown filter", "/events?subject=hi", 422, "unknown_parameter", `"field":"subject"`, "senderDomain"),
		ask("limit too low", "/events?limit=0", 422, `"field":"limit"`, "1000"),
		ask("limit too high", "/events?limit=1001", 422, `"field":"limit"`, "1000"),
		ask("limit no number", "/events?limit=many", 422, `"field":"limit"`),
		ask("limit huge", "/events?limit=99999999999999999999", 422, `"field":"limit"`),
		ask("unknown name", "/events?name=email.opend", 422, `"field":"name"`, "email.open"),
		ask("NUL in a filter", "/events?tag=a%00b", 422, `"field":"tag"`),
		ask("bad UTF-8 in a filter", "/events?tag=%ff", 422, `"field":"tag"`, "UTF-8"),
		ask("SQL in a filter", "/events?contact=%27%20OR%201=1--", 422, `"field":"contact"`),
		ask("no event id", "/events/1", 422, `"field":"id"`),
		ask("no such event", "/events/019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11", 404, "event"),
		ask("no such path", "/nothing", 404, "no_route"),
		{name: "wrong method on the API", method: http.MethodDelete, path: "/events", status: 405, says: []string{"GET"}},
		form,
		change("oversized JSON", http.MethodPost, "/sources", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`, 413, "1 MiB"),
		change("truncated JSON to the API", http.MethodPost, "/sources", `{"name":`, 400, "JSON"),
		change("duplicate key to the API", http.MethodPost, "/sources", `{"name":"a","name":"b","provider":"ses"}`, 400, "name"),
		change("unknown field", http.MethodPost, "/sources", `{"name":"a","provider":"ses","tpoics":[]}`, 422, "tpoics"),
		change("a source without topics", http.MethodPost, "/sources", `{"name":"a","provider":"ses"}`, 422, "topics"),
		change("a lift without a note", http.MethodPost, "/suppressions/person-00@acme.test/lift", `{}`, 422, `"field":"note"`),
	}
}

func TestBadInputIsRefusedByNameAndLeavesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db string) {
		b := newHouse(t, db)
		before := b.everything()
		for _, c := range append(b.posts(), b.questions()...) {
			r, err := b.do(c.method, c.path, strings.NewReader(c.body), c.header)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			c.check(t, r)
		}
		b.truncated()
		if after := b.everything(); after != before {
			t.Errorf("what was refused left something:\nbefore %s\nafter  %s", before, after)
		}
		if status := b.status("/readyz"); status != http.StatusOK {
			t.Errorf("not ready any more: %d", status)
		}
		if log := b.log(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, b.open) || strings.Contains(log, b.key) {
			t.Errorf("the log has an error or a secret:\n%s", log)
		}
	})
}

// check holds an answer against what it should be: a problem that tells what is wrong, and nothing of the inside.
func (c bad) check(t *testing.T, r reply) {
	t.Helper()
	var p struct {
		Status int
		Detail string
	}
	if err := json.Unmarshal(r.body, &p); err != nil || r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d, no problem: %s", c.name, r.status, short(r.body))
		return
	}
	if r.status != c.status || p.Status != c.status || p.Detail == "" {
		t.Errorf("%s: status %d, want %d: %s", c.name, r.status, c.status, short(r.body))
	}
	text := strings.ToLower(string(r.body))
	for _, word := range c.says {
		if !strings.Contains(text, strings.ToLower(word)) {
			t.Errorf("%s: %q is not in %s", c.name, word, short(r.body))
		}
	}
	for _, inside := range []string{"sqlite", "pgx", "sqlstate", ".go:", "panic"} {
		if strings.Contains(text, inside) {
			t.Errorf("%s: tells of the inside: %s", c.name, short(r.body))
		}
	}
	if needs := map[int]string{401: "Www-Authenticate", 405: "Allow"}[c.status]; needs != "" && r.header.Get(needs) == "" {
		t.Errorf("%s: %d without %s", c.name, c.status, needs)
	}
}

// truncated sends less than it promises. The provider should send it again, so the answer is none that stops that.
func (b *house) truncated() {
	b.t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(b.t.Context(), "tcp", strings.TrimPrefix(b.base, "http://"))
	must(b.t, err)
	defer conn.Close()
	must(b.t, conn.SetDeadline(time.Now().Add(patience)))
	good := b.envelope(same)
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: sns.test\r\nContent-Length: %d\r\n\r\n%s", b.open, len(good)+100, good)
	must(b.t, err)
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		b.t.Fatalf("%T", conn)
	}
	must(b.t, tcp.CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(b.t, err)
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		b.t.Errorf("a truncated body: %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
}

// everything is all that is stored, as a text.
func (b *house) everything() string {
	b.t.Helper()
	var sources, keys, suppressions json.RawMessage
	b.get("/sources", &sources)
	b.get("/suppressions", &suppressions)
	ask(b.t, &keys, "key", "list", "--db", b.db)
	var list []struct{ ID, RevokedAt string }
	must(b.t, json.Unmarshal(keys, &list)) // without when they were last used
	receipts, came := b.receipts()
	return fmt.Sprintf("%+v %d %d %+v %s %+v %s", b.events(), receipts, came, verify(b.t, b.db), sources, list, suppressions)
}
