// Package awsbus provides the door for AWS SDKs: PutEvents of Amazon EventBridge, in its own protocol and under its own
// signatures, so that an app changes its endpoint alone. It decodes a call, asks control, and encodes the answer.
package awsbus

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/internal/auth"
	"tidings/internal/control"
)

// Path is where the server answers: the endpoint that SDKs are given.
const Path = "/aws/"

const (
	targetPut   = "AWSEvents.PutEvents"
	contentType = "application/x-amz-json-1.1"
	callTimeout = 15 * time.Second
)

// Options are what the door needs. All but Meter are required.
type Options struct {
	Control *control.Control
	Auth    *auth.Authenticator
	Logger  *slog.Logger
	Meter   Meter // nil: nobody counts
}

// Meter counts what the door answers. Its methods return at once.
type Meter interface {
	// BusAnswered counts an answer by its status, and how long it took.
	BusAnswered(status int, took time.Duration)
	// BusEntry counts an entry of a call by what became of it: "accepted", or the error code that it was answered with.
	BusEntry(outcome string)
}

type nobody struct{}

func (nobody) BusAnswered(int, time.Duration) {}
func (nobody) BusEntry(string)                {}

type door struct {
	Options
	public    *url.URL // nil: not known
	operation control.Operation
}

// New makes the handler of Path and of everything below it. It panics if control has no operation for tracking.
func New(o Options) http.Handler {
	d := &door{Options: o}
	if d.Meter == nil {
		d.Meter = nobody{}
	}
	if u, err := url.Parse(o.Control.PublicURL); err == nil && u.Host != "" {
		d.public = u
	}
	for _, op := range control.Operations() {
		if op.Name == control.PutOperation {
			d.operation = op
		}
	}
	if d.operation.Name == "" {
		panic("awsbus: there is no operation " + control.PutOperation)
	}
	return d
}

// Takes reports whether a path is the door's.
func Takes(path string) bool {
	return path == strings.TrimSuffix(Path, "/") || strings.HasPrefix(path, Path)
}

// putOutput is the answer of PutEvents.
type putOutput struct {
	FailedEntryCount int
	Entries          []putResult
}

type putResult struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

type failure struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// ServeHTTP answers one call.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, began := requestID(), time.Now()
	h := w.Header()
	h.Set("X-Amzn-RequestId", id)
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	defer d.recovered(w, r, id)
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	out, err := d.put(ctx, w, r)
	if err != nil {
		d.Meter.BusAnswered(d.refuse(w, r, id, err), time.Since(began))
		return
	}
	for _, e := range out.Entries {
		outcome := e.ErrorCode
		if outcome == "" {
			outcome = "accepted"
		}
		d.Meter.BusEntry(outcome)
	}
	d.write(w, http.StatusOK, out)
	d.Meter.BusAnswered(http.StatusOK, time.Since(began))
}

// recovered answers a call that panicked, and keeps the server up.
func (d *door) recovered(w http.ResponseWriter, r *http.Request, id string) {
	cause := recover()
	if cause == nil {
		return
	}
	d.Logger.ErrorContext(r.Context(), "a call of an AWS SDK panicked", "request", id, "cause", fmt.Sprint(cause),
		"stack", string(debug.Stack()))
	d.write(w, http.StatusInternalServerError, failure{codeInternal, "something went wrong here: the server's log tells what"})
}

// refuse answers with an error, and tells its status.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, id string, err error) int {
	why := refusalOf(err)
	if why.code == codeInternal {
		d.Logger.ErrorContext(r.Context(), "a call of an AWS SDK failed", "request", id, "error", err)
	}
	if why.after > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int64((why.after+time.Second-1)/time.Second)))
	}
	w.Header().Set("X-Amzn-ErrorType", why.code)
	d.write(w, why.status(), failure{why.code, why.message})
	return why.status()
}

func (d *door) write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // texts and numbers always encode
		panic(err)
	}
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		d.Logger.Debug("the answer to an AWS SDK was not written", "error", err)
	}
}

// put does the call.
func (d *door) put(ctx context.Context, w http.ResponseWriter, r *http.Request) (*putOutput, error) {
	if r.Method != http.MethodPost || r.URL.Path != Path && r.URL.Path != strings.TrimSuffix(Path, "/") {
		return nil, refuse(codeUnknown, "there is nothing here but POST %s of AWS's JSON protocol", Path)
	}
	a, refused := readAuthorization(r.Header.Get("Authorization"))
	if refused != nil {
		return nil, refused
	}
	at, refused := a.check(r.Header, d.Control.Now())
	if refused != nil {
		return nil, refused
	}
	body, refused := readBody(w, r)
	if refused != nil {
		return nil, refused
	}
	sum := sha256.Sum256(body)
	s := &signed{authorization: a, at: at, hash: hex.EncodeToString(sum[:])}
	who, err := d.admit(ctx, r, s)
	if err != nil {
		return nil, err
	}
	if target := r.Header.Get(headerTarget); target != targetPut {
		return nil, refuse(codeUnknown, "the operation %.100q is not known here: only %s is", target, targetPut)
	}
	if body, refused = unpack(body, r.Header.Get("Content-Encoding")); refused != nil {
		return nil, refused
	}
	entries, refused := readPut(body)
	if refused != nil {
		return nil, refused
	}
	list, err := d.Control.PutEvents(ctx, who, control.BusRequest{Entries: entries, Repeat: s.repeat(r, who)})
	if err != nil {
		return nil, err
	}
	return outputOf(list), nil
}

// admit proves who asks, and that they may.
func (d *door) admit(ctx context.Context, r *http.Request, s *signed) (control.Actor, error) {
	p, err := d.Auth.AuthenticateAWS(ctx, s.accessKey, func(secret string) error {
		if refused := s.verify(r, secret, d.places(r)); refused != nil {
			return refused
		}
		return nil
	})
	if err != nil {
		return control.Actor{}, err
	}
	return control.Admit(d.operation, p)
}

// places are where a request may have been sent to.
func (d *door) places(r *http.Request) []place {
	path := r.URL.EscapedPath()
	list := []place{{r.Host, path}}
	if d.public != nil {
		list = append(list, place{d.public.Host, d.public.EscapedPath() + path})
	}
	return list
}

// repeat names the call, so that the same again is the same: SDKs that repeat one say so, and sign that. Without it the
// signature names it, so that whoever copies a request gains nothing.
func (s *signed) repeat(r *http.Request, who control.Actor) string {
	call := s.signature
	if id := r.Header.Get(headerCall); id != "" && s.signs(strings.ToLower(headerCall)) {
		call = id
	}
	var b bytes.Buffer
	for _, part := range []string{who.By, call, s.hash} {
		b.WriteString(part)
		b.WriteByte('\n')
	}
	sum := sha256.Sum256(b.Bytes())
	return "aws:" + hex.EncodeToString(sum[:])
}

func outputOf(list []control.Put) *putOutput {
	out := &putOutput{Entries: make([]putResult, len(list))}
	for i, x := range list {
		if x.Problem == nil {
			out.Entries[i].EventID = x.EventID
			continue
		}
		out.FailedEntryCount++
		out.Entries[i].ErrorCode, out.Entries[i].ErrorMessage = entryProblem(x.Problem)
	}
	return out
}

// requestID names a request in the form that AWS's have.
func requestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
