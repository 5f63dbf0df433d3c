package app_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/app"
	"tidings/internal/config"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/pull"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/test/postgres"
)

var eraseOperator = control.Actor{Project: store.DefaultProject, By: "test", Door: "cli"}

// The person who is erased: nothing of this may be found anywhere.
const (
	annKey      = "ann.example+news@acme.test"
	annReceived = "Ann.Example+News@Acme.test"
	annExternal = "customer-4711-annex"
	annName     = "Annabella Exemplaria"
	annIP       = "203.0.113.77"
	annAgent    = "AnnsVeryOwnBrowser/7.1"
	annToken    = "tok3n-of-ann-only"
	bobKey      = "bob@acme.test"
)

const eraseTopic = "arn:aws:sns:eu-west-1:111122223333:mail"

// words are what must be nowhere.
var words = []string{"ann.example+news", "ann.example%2bnews", annExternal, "annabella", "exemplaria", annIP, "annsveryownbrowser", annToken}

// world is a server with everything that it may know of two people.
type world struct {
	t       *testing.T
	o       app.Options
	app     *app.App
	end     func() error
	ops     *control.Control
	sent    []func() *http.Request // all that was posted, to be posted again
	key     string
	ses     string
	grid    string
	dsn     string
	signing *ecdsa.PrivateKey
}

func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	w := &world{t: t, o: options(t)}
	if engine == "postgres" {
		w.o.Config.DB = config.DatabaseURL(postgres.Database(t))
	}
	w.begin()
	var err error
	w.signing, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	public, err := x509.MarshalPKIXPublicKey(&w.signing.PublicKey)
	w.must(err)
	w.ses = w.source("ses", source.Settings{Topics: []string{eraseTopic}, AllowRaw: true})
	w.grid = w.source("sendgrid", source.Settings{Secrets: []string{base64.StdEncoding.EncodeToString(public)}})
	w.dsn = w.source("dsn", source.Settings{})
	_, w.key, err = w.ops.CreateKey(t.Context(), eraseOperator, "test", store.SecretKey)
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) begin() {
	w.app, w.end = start(w.t, w.o)
	w.ops = w.app.Control()
}

func (w *world) source(provider string, s source.Settings) string {
	w.t.Helper()
	made, err := w.ops.CreateSource(w.t.Context(), eraseOperator, control.NewSource{Name: provider, Provider: provider, Settings: s})
	w.must(err)
	return "/in/" + provider + "/" + made.Token
}

// do posts a request and remembers it, to be posted again.
func (w *world) do(method, path, body string, header map[string]string) []byte {
	w.t.Helper()
	w.sent = append(w.sent, func() *http.Request {
		r, err := http.NewRequestWithContext(w.t.Context(), method, "http://"+w.app.Address()+path, strings.NewReader(body))
		w.must(err)
		for name, value := range header {
			r.Header.Set(name, value)
		}
		return r
	})
	return w.send(w.sent[len(w.sent)-1]())
}

func (w *world) send(r *http.Request) []byte {
	w.t.Helper()
	res, err := http.DefaultClient.Do(r)
	w.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	w.must(err)
	if res.StatusCode >= http.StatusBadRequest {
		w.t.Fatalf("%s %s: %d %s", r.Method, r.URL.Path, res.StatusCode, b)
	}
	return b
}

func (w *world) api(method, path, body string) []byte {
	w.t.Helper()
	return w.do(method, path, body, map[string]string{
		"Authorization": "Bearer " + w.key, "Content-Type": "application/json",
	})
}

func (w *world) record(body string) {
	w.t.Helper()
	w.do(http.MethodPost, w.ses, body, map[string]string{
		"X-Amz-Sns-Rawdelivery": "true", "X-Amz-Sns-Message-Type": "Notification", "X-Amz-Sns-Topic-Arn": eraseTopic,
		"X-Amz-Sns-Message-Id": fmt.Sprintf("00000000-0000-4000-8000-%012d", len(w.sent)),
	})
}

func (w *world) batch(body string) {
	w.t.Helper()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	sum := sha256.Sum256([]byte(at + body))
	signature, err := ecdsa.SignASN1(rand.Reader, w.signing, sum[:])
	w.must(err)
	w.do(http.MethodPost, w.grid, body, map[string]string{
		"X-Twilio-Email-Event-Webhook-Timestamp": at,
		"X-Twilio-Email-Event-Webhook-Signature": base64.StdEncoding.EncodeToString(signature),
	})
}

func sesMail(message, to string) string {
	return `"mail":{"timestamp":"2026-05-04T10:11:58.000Z","source":"app@send.test","messageId":"` + message + `","destination":[` + to +
		`],"headers":[{"name":"Subject","value":"Hi ` + annName + `"}],"commonHeaders":{"subject":"Hi ` + annName + `","to":["` + annName +
		` <` + annReceived + `>"]},"tags":{"templateKey":["welcome"],"may":["true"],"token":["` + annToken + `"]}}`
}

const (
	annTo  = `"` + annName + ` <` + annReceived + `>"`
	bothTo = `"` + annReceived + `","` + bobKey + `"`
)

// live lets everything happen by which something of the person may be kept.
func (w *world) live() {
	w.t.Helper()
	w.wish()
	one := sesMail("0102019a-one-000000", annTo)
	w.record(`{"eventType":"Send",` + one + `,"send":{}}`)
	w.record(`{"eventType":"Delivery",` + one + `,"delivery":{"timestamp":"2026-05-04T10:12:00.000Z","processingTimeMillis":900,` +
		`"recipients":["` + annReceived + `"],"smtpResponse":"250 OK for ` + annKey + `"}}`)
	w.record(`{"eventType":"Open",` + one + `,"open":{"timestamp":"2026-05-04T10:13:00.000Z","ipAddress":"` + annIP +
		`","userAgent":"` + annAgent + `"}}`)
	w.record(`{"eventType":"Click",` + one + `,"click":{"timestamp":"2026-05-04T10:14:00.000Z","ipAddress":"` + annIP +
		`","userAgent":"` + annAgent + `","link":"https://shop.test/of/ann.example%2Bnews%40acme.test/start?t=` + annToken + `"}}`)
	w.record(`{"eventType":"Bounce",` + one + `,"bounce":{"timestamp":"2026-05-04T10:15:00.000Z","feedbackId":"f1","bounceType":"Permanent",` +
		`"bounceSubType":"General","bouncedRecipients":[{"emailAddress":"` + annReceived + `","action":"failed","status":"5.1.1",` +
		`"diagnosticCode":"smtp; 550 5.1.1 <` + annKey + `> no such user"}]}}`)
	// Other mail of several people.
	two := strings.ReplaceAll(strings.ReplaceAll(sesMail("0102019a-two-000000", bothTo), "Hi "+annName, "News"), annToken, "x")
	w.record(`{"eventType":"Send",` + two + `,"send":{}}`)
	w.record(`{"eventType":"Open",` + two + `,"open":{"timestamp":"2026-05-04T11:13:00.000Z","ipAddress":"198.51.100.1","userAgent":"M"}}`)
	w.record(`{"eventType":"Bounce",` + two + `,"bounce":{"timestamp":"2026-05-04T11:15:00.000Z","feedbackId":"f2","bounceType":"Transient",` +
		`"bounceSubType":"General","bouncedRecipients":[{"emailAddress":"` + annReceived + `","diagnosticCode":"` + annName + ` is away"},` +
		`{"emailAddress":"` + bobKey + `","diagnosticCode":"smtp; 452 full"}]}}`)
	w.record(`{"eventType":"Sent by ` + annKey + `","mail":{"messageId":"x","timestamp":"2026-05-04T10:00:00Z"}}`)
	w.batch(`[{"email":"` + bobKey + `","event":"delivered","timestamp":1777888300,"sg_event_id":"g1","sg_message_id":"m9.f"},` +
		`{"email":"` + annReceived + `","event":"click","timestamp":1777888301,"sg_event_id":"g2","sg_message_id":"m8.f","ip":"` + annIP +
		`","useragent":"` + annAgent + `","url":"https://shop.test/?t=` + annToken + `","name":"` + annName + `"},` +
		`{"email":"` + bobKey + `","event":"open","timestamp":1777888302,"sg_event_id":"g3","sg_message_id":"m9.f","ip":"198.51.100.2"},` +
		`{"email":"` + bobKey + `","event":"click","timestamp":1777888303,"sg_event_id":"g4","sg_message_id":"m9.f",` +
		`"url":"https://shop.test/invite/` + annKey + `/now"}]`)
	coded := base64.StdEncoding.EncodeToString([]byte("To " + annName + " <" + annKey + ">: we could not reach you."))
	w.do(http.MethodPost, w.dsn, strings.ReplaceAll(`From: MAILER-DAEMON@mail.send.test
Date: Mon, 4 May 2026 10:12:03 +0000
Message-ID: <dsn-1@mail.send.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain
Content-Transfer-Encoding: base64

`+coded+`
--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.send.test

Final-Recipient: rfc822; `+annKey+`
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <`+annKey+`>: User unknown

--b1--
`, "\n", "\r\n"), map[string]string{"Content-Type": "message/rfc822"})
	w.do(http.MethodPost, "/v1/track", `{"email":"`+annReceived+`","event":"order.paid","externalId":"`+annExternal+
		`","tags":["vip"],"data":{"name":"`+annName+`","ip":"`+annIP+`"}}`, map[string]string{
		"Authorization": "Bearer " + w.key, "Content-Type": "application/json", "Idempotency-Key": "order-1",
	})
	w.do(http.MethodPost, "/v1/track/batch", `{"events":[{"email":"`+bobKey+`","event":"order.paid","data":{"n":1}},{"email":"`+annKey+
		`","event":"order.paid","data":{"n":2,"name":"`+annName+`"}},{"email":"`+bobKey+`","event":"friend.invited","data":{"who":"`+
		annReceived+`"}}]}`, map[string]string{
		"Authorization": "Bearer " + w.key, "Content-Type": "application/json", "Idempotency-Key": "order-2",
	})
}

// act lets people do what leaves something of the person: those acts that are not to be done again.
func (w *world) act() {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.ops.ImportContacts(ctx, eraseOperator, strings.NewReader("email,name\n"+annKey+","+annName+"\n"),
		control.ContactImportOptions{}, nil)
	w.must(err)
	w.api(http.MethodPatch, "/contacts/"+bobKey, `{"data":{"invitedBy":"`+annReceived+`","plan":"team"}}`)
	w.api(http.MethodPatch, "/contacts/"+annKey, `{"subscribed":false,"tags":["`+annName+`"]}`)
	w.api(http.MethodPost, "/suppressions", `{"address":"`+annKey+`","note":"`+annName+` rang"}`)
	w.api(http.MethodPost, "/segments", `{"name":"Friends of `+annKey+`","type":"DYNAMIC","trackMembership":true,`+
		`"condition":{"logic":"AND","groups":[{"filters":[{"field":"email","operator":"contains","value":"ann"}]}]}}`)
	_, err = w.ops.Store.BeginApproval(ctx, store.Approval{
		Code: "ABCD", By: "key_1", Operation: "liftSuppression", Subject: annKey, AskedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}, store.Act{At: time.Now(), Project: store.DefaultProject, By: "key_1", Door: "mcp", Operation: "ask", Subject: annKey, Note: "for " + annKey})
	w.must(err)
	_, err = w.ops.ImportEvents(ctx, eraseOperator, control.EventImport{Format: "engage"}, []pull.File{{
		Name: "old.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("email: " + annKey + "\n")), nil },
	}}, nil)
	_ = err // whatever becomes of such a file
	for _, ref := range []string{annKey, bobKey} {
		id := event.NewID(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC), store.DefaultProject, "ses", ref)
		line := `{"id":"` + id.String() + `","name":"email.open","occurredAt":"2026-05-04T09:00:00.000Z","projectId":"prj_default","recipient":"` +
			ref + `","source":{"provider":"ses"},"message":{"id":"old-1"},"open":{"first":true},"client":{"ip":"` +
			map[string]string{annKey: annIP, bobKey: "198.51.100.9"}[ref] + `"},"data":{}}` + "\n"
		w.importLine(line)
	}
	w.importBoth()
}

// wish lets Ann ask by a form to be subscribed, which she never confirms. To send it again would be a new wish.
func (w *world) wish() {
	w.t.Helper()
	var made struct{ URL string }
	w.must(json.Unmarshal(w.api(http.MethodPost, "/forms",
		`{"name":"News","doubleOptIn":true,"fields":[{"name":"name","label":"Your name"}]}`), &made))
	_, path, _ := strings.Cut(made.URL, "/subscribe/")
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+w.app.Address()+"/subscribe/"+path,
		strings.NewReader(url.Values{"email": {annReceived}, "name": {annName}}.Encode()))
	w.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.send(r)
	r, err = http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.app.Address()+"/contacts/"+annKey, http.NoBody)
	w.must(err)
	r.Header.Set("Authorization", "Bearer "+w.key)
	if k := w.send(r); !strings.Contains(string(k), `"confirmation":{`) {
		w.t.Fatalf("no wish waits: %s", k)
	}
}

func (w *world) importLine(text string) {
	w.t.Helper()
	_, err := w.ops.ImportEvents(w.t.Context(), eraseOperator, control.EventImport{Format: "events"}, []pull.File{{
		Name: "old.ndjson", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil },
	}}, nil)
	w.must(err)
}

// importBoth imports a file that tells of both.
func (w *world) importBoth() {
	var text strings.Builder
	for i, who := range []string{bobKey, annKey, bobKey} {
		at := time.Date(2026, 5, 3, 9, i, 0, 0, time.UTC)
		id := event.NewID(at, store.DefaultProject, "ses", who+strconv.Itoa(i))
		fmt.Fprintf(&text, `{"id":"%s","name":"email.click","occurredAt":"%s","projectId":"prj_default","recipient":"%s",`+
			`"source":{"provider":"ses"},"message":{"id":"old-%d"},"click":{"first":true,"url":"https://x.test/%s"},"data":{}}`+"\n",
			id, at.Format("2006-01-02T15:04:05.000Z"), who, i, who)
	}
	w.importLine(text.String())
}

// postAll posts everything again that providers and programs sent.
func (w *world) postAll(upTo int) {
	w.t.Helper()
	for _, again := range w.sent[:upTo] {
		w.send(again())
	}
}

// bobs is everything that is known of the other person.
func (w *world) bobs() map[string]string {
	w.t.Helper()
	var b bytes.Buffer
	w.must(w.ops.ContactAccess(w.t.Context(), eraseOperator, bobKey, "", &b))
	out := map[string]string{}
	var all struct {
		Contact json.RawMessage
		Events  []event.Event
	}
	w.must(json.Unmarshal(b.Bytes(), &all))
	out["contact"] = string(all.Contact)
	for i := range all.Events {
		text, err := all.Events[i].MarshalJSON()
		w.must(err)
		out[all.Events[i].ID.String()] = string(text)
		raw, err := w.ops.EventRaw(w.t.Context(), eraseOperator, all.Events[i].ID.String())
		if err == nil {
			out["raw "+all.Events[i].ID.String()] = string(raw)
		}
	}
	return out
}

// tallies are the counters, and how many rows there are of what is counted.
func (w *world) counters() map[string]string {
	out := map[string]string{}
	words := map[string]string{}
	n := map[string]int{}
	for _, row := range w.rows() {
		n[row.table]++
		if row.table == "counters" {
			v := row.values
			out[fmt.Sprintf("%s %s %s %s %s", v["kind"], v["dim"], v["name"], v["class"], v["bucket"])] = fmt.Sprintf("%s %s %s", v["n"], v["uniques"], v["any_uniques"])
		}
	}
	for _, table := range []string{"events", "messages", "contacts"} {
		words[table] = strconv.Itoa(n[table])
	}
	maps.Copy(out, words)
	return out
}

func (w *world) verified() {
	w.t.Helper()
	v, err := w.ops.Verify(w.t.Context(), nil)
	w.must(err)
	if len(v.Differences) > 0 {
		w.t.Errorf("the counters differ from a recount: %+v", v.Differences)
	}
}

func (w *world) erasure(id string) store.Erasure {
	w.t.Helper()
	x, err := w.ops.Erasure(w.t.Context(), eraseOperator, id)
	w.must(err)
	return x
}

// wait waits for the end of an erasure.
func (w *world) wait(id string) store.Erasure {
	w.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		if x := w.erasure(id); x.Status != store.ErasureRunning {
			return x
		}
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("the erasure does not end: %+v", w.erasure(id))
		}
	}
}

// beside is a program beside the server.
func (w *world) beside(s *store.Store, now func() time.Time) *control.Control {
	return &control.Control{Store: s, Adapters: w.ops.Adapters, Builder: w.ops.Builder, Now: now, Commit: s.Commit}
}

// step does one part of an erasure with a store that is opened for it and closed after it, as a program that is killed after
// every part.
func (w *world) step(id string) (done bool) {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), store.Options{URL: string(w.o.Config.DB), Soft: contact.DefaultSoftPolicy})
	w.must(err)
	defer s.Close()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	calls := 0
	ops := w.beside(s, func() time.Time {
		if calls++; calls == 2 {
			cancel()
		}
		return time.Now()
	})
	err = ops.RunErasure(ctx, id, false)
	if err != nil && ctx.Err() == nil {
		w.t.Fatal(err)
	}
	x, err := s.Erasure(w.t.Context(), store.DefaultProject, id)
	w.must(err)
	if x.Problem != "" {
		w.t.Fatal(x.Problem)
	}
	return x.Status != store.ErasureRunning
}
