package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"tidings/internal/netguard"
	"tidings/internal/source"
	"tidings/provider"
)

// StepState is how a step of a self-test ended.
type StepState string

// The states of steps.
const (
	StepOK      StepState = "ok"
	StepFailed  StepState = "failed"
	StepSkipped StepState = "skipped" // not reached, or there is nothing to do
)

// TestStep is one step of a self-test.
type TestStep struct {
	Name   string // stable: one of StepNames
	State  StepState
	Detail string        // what was found
	Remedy string        // what to do; only of a failed one
	Took   time.Duration // 0 where nobody measured it
}

// The steps, in their order.
const (
	stepResolve   = "resolve"   // the host has an address
	stepConnect   = "connect"   // something listens there
	stepTLS       = "tls"       // it shows a certificate that the world trusts
	stepAnswer    = "answer"    // the request is answered as a provider takes for success
	stepArrive    = "arrive"    // it arrived at this server
	stepUnchanged = "unchanged" // with the body that was sent
	stepProve     = "prove"     // and was proved genuine
	stepRead      = "read"      // and made into the event that it holds
	stepStore     = "store"     // which would have been stored
)

// StepNames lists the steps in their order.
func StepNames() []string {
	return []string{stepResolve, stepConnect, stepTLS, stepAnswer, stepArrive, stepUnchanged, stepProve, stepRead, stepStore}
}

// journey is what is known of a self-test once it is over. It is pure.
type journey struct {
	base    string
	source  *source.Source
	adapter provider.Adapter
	sample  provider.Sample
	sent    source.Verdict // SHA256 and Bytes of what was sent
	trip    netguard.Trip
	verdict *source.Verdict // nil: the request did not arrive
}

// worked tells whether a report is good.
func worked(steps []TestStep) bool {
	for _, s := range steps {
		if s.State == StepFailed {
			return false
		}
	}
	return true
}

func (j *journey) steps() []TestStep {
	list := []TestStep{j.resolve(), j.connect(), j.tls(), j.answer(), j.arrive(), j.unchanged(), j.prove(), j.read(), j.store()}
	for i, name := range StepNames() {
		list[i].Name = name
	}
	return list
}

func ok(detail string, took time.Duration) TestStep {
	return TestStep{State: StepOK, Detail: detail, Took: took}
}

func failed(detail, remedy string) TestStep {
	return TestStep{State: StepFailed, Detail: detail, Remedy: remedy}
}

func skipped(detail string) TestStep { return TestStep{State: StepSkipped, Detail: detail} }

// reach judges a step of the way there, by where the trip ended.
func (j *journey) reach(stage netguard.Stage, good func() TestStep, remedy string) TestStep {
	order := []netguard.Stage{
		netguard.StageURL, netguard.StageResolve, netguard.StageConnect, netguard.StageTLS, netguard.StageAnswer,
	}
	switch {
	case j.trip.Failed == "", slices.Index(order, stage) < slices.Index(order, j.trip.Failed):
		return good()
	case j.trip.Failed != stage:
		return skipped("")
	}
	step := failed(plainError(j.trip.Err), remedy)
	step.Took = j.trip.Took[stage]
	return step
}

func plainError(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return "nothing came back in time"
	case errors.Is(err, io.EOF):
		return "the connection was closed without an answer"
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" && e.Addr != nil {
		return e.Addr.String() + ": " + e.Err.Error()
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return e.Name + ": " + e.Err
	}
	return err.Error()
}

func (j *journey) host() string {
	u, err := url.Parse(j.base)
	if err != nil {
		return j.base
	}
	return u.Hostname()
}

func (j *journey) resolve() TestStep {
	if j.trip.Failed == netguard.StageURL {
		return failed(plainError(j.trip.Err), "put right --public-url")
	}
	return j.reach(netguard.StageResolve, func() TestStep {
		if len(j.trip.Addresses) == 0 {
			return skipped(j.host() + " is an address")
		}
		return ok(j.host()+" is "+strings.Join(j.trip.Addresses, ", "), j.trip.Took[netguard.StageResolve])
	}, "make a DNS record for "+j.host()+", or put right --public-url")
}

func (j *journey) connect() TestStep {
	return j.reach(netguard.StageConnect, func() TestStep {
		return ok(j.trip.Address, j.trip.Took[netguard.StageConnect])
	}, "see that the server or the proxy in front listens at that port, that --public-url names it, and that no firewall is "+
		"between; some routers can't reach their own outside address from inside")
}

func (j *journey) tls() TestStep {
	return j.reach(netguard.StageTLS, func() TestStep {
		if j.trip.TLS == "" {
			return skipped("the URL is http: anybody on the way can read what is posted; let the provider have one with https")
		}
		return ok(j.trip.TLS+", the certificate is good until "+day(j.trip.CertUntil), j.trip.Took[netguard.StageTLS])
	}, "let what listens there speak TLS, with a certificate for "+j.host()+" from an authority that the world trusts, and its "+
		"chain: providers do not post where they can't trust it")
}

// answer judges the status by what a provider takes for success, and where the request did not arrive, by what can have
// kept it.
func (j *journey) answer() TestStep {
	return j.reach(netguard.StageAnswer, func() TestStep {
		status, took := j.trip.Status, j.trip.Took[netguard.StageAnswer]
		var step TestStep
		switch {
		case j.verdict != nil && j.verdict.Status == status && j.verdict.Code != "":
			// The step that refused it tells why.
			step = ok(fmt.Sprintf("status %d: this server refused it", status), took)
		case status >= 300 && status < 400:
			step = failed(fmt.Sprintf("status %d: a redirect to %s", status, cmp.Or(j.trip.Location, "nowhere")),
				"providers follow no redirects: make --public-url the address that it points to, or let the proxy pass the path on")
		case status >= 200 && status < 300:
			step = ok(fmt.Sprintf("status %d", status), took)
		case j.verdict != nil:
			step = failed(fmt.Sprintf("this server answered %d, but %d came back", j.verdict.Status, status),
				"let the proxy in front pass answers on as they are: else the provider sends again what is stored, or gives it up")
		default:
			step = failed(fmt.Sprintf("status %d%s", status, j.who()), j.statusRemedy())
		}
		step.Took = took
		return step
	}, "let the proxy in front pass "+j.path()+" on to this server, and see that both answer; SNS waits 15 seconds")
}

func (j *journey) path() string { return "POST …/" + j.source.Provider + "/{token}" }

// who tells whether an answer that came without an arrival looks like one of a Tidings.
func (j *journey) who() string {
	var p struct {
		Type   string `json:"type"`
		Detail string `json:"detail"`
		Code   any    `json:"code"`
	}
	isProblem := strings.HasPrefix(j.trip.Header.Get("Content-Type"), "application/problem+json")
	if !isProblem || json.Unmarshal(j.trip.Body, &p) != nil || len(p.Detail) > maxDetail {
		return ""
	}
	code, _ := p.Code.(string)
	if !strings.HasPrefix(p.Type, "urn:tidings:") && code == "" {
		return ""
	}
	return ", from a Tidings that says: " + p.Detail
}

// maxDetail is the longest text of another server that is repeated, in bytes.
const maxDetail = 300

// statusRemedies say what keeps a request from arriving, by the status that came instead.
var statusRemedies = map[int]string{
	401: "something in front asks for a login: let POST below the base path pass without",
	403: "something in front forbids it, a firewall for web applications perhaps: let POST below the base path pass",
	404: "something in front, or this server, does not know the path: pass it on as it is, without a prefix added or taken away, " +
		"and see that --public-url and --base-path are those of the server",
	405: "something in front does not let POST through: allow it below the base path",
	413: "something in front limits bodies: allow 2 MiB at least",
	421: "the proxy in front does not serve this host: add it",
	429: "something in front limits requests: let the provider's pass",
	502: "the proxy in front can't reach this server: put right where it passes requests to, and see that the server runs",
	503: "the proxy in front has no server to pass it to, or this one is not ready: look at GET /readyz",
	504: "the proxy in front waited in vain for this server: put right the address that it passes requests to",
}

func (j *journey) statusRemedy() string {
	return cmp.Or(statusRemedies[j.trip.Status], "look at what answers there, and let it pass "+j.path()+" on to this server")
}

func (j *journey) arrive() TestStep {
	switch {
	case j.verdict != nil:
		return ok("the request arrived at this server", 0)
	case j.trip.Failed != "", j.trip.Status/100 != 2: // told by the step that failed
		return skipped("")
	}
	return failed("the request did not arrive at this server, or at none with this database",
		"see where "+j.host()+" leads: it must be this server, or one that shares its database")
}

func (j *journey) unchanged() TestStep {
	switch {
	case j.verdict == nil, j.verdict.SHA256 == "":
		return skipped("")
	case j.verdict.SHA256 == j.sent.SHA256:
		return ok(fmt.Sprintf("%d bytes, the same as were sent", j.sent.Bytes), 0)
	}
	return failed(fmt.Sprintf("something between changes the body: %d bytes were sent, %d other ones arrived", j.sent.Bytes,
		j.verdict.Bytes),
		"switch off what rewrites bodies in front of this server (gateways that parse JSON, filters): signatures are over every byte")
}

// notProof are refusals from before the body was looked at, or that say nothing of the proof.
var notProof = map[string]bool{
	codeDisabled: true, "wrong_method": true, "encoded_body": true, "body_too_large": true, "incomplete_body": true,
	"overloaded": true, "shutting_down": true, "internal": true,
}

func (j *journey) prove() TestStep {
	switch {
	case j.verdict == nil, notProof[j.verdict.Code]:
		return skipped("")
	case j.verdict.Code == "":
		return ok("signed as "+j.sample.Note+", and accepted", 0)
	}
	remedy := remedyOf(j.adapter, j.verdict.Code)
	if j.verdict.SHA256 != j.sent.SHA256 {
		remedy = "see the step before"
	}
	return failed(j.verdict.Code+": "+j.verdict.Message, remedy)
}

func (j *journey) read() TestStep {
	if j.verdict == nil || j.verdict.Code != "" {
		return skipped("")
	}
	for _, e := range j.verdict.Events {
		if e.Name == string(j.sample.Name) && e.Recipient == j.sample.Recipient {
			return ok(e.Name+" for "+e.Recipient, 0)
		}
	}
	detail := fmt.Sprintf("%d events came of it, but not %s for %s", len(j.verdict.Events), j.sample.Name, j.sample.Recipient)
	for _, p := range j.verdict.Problems {
		detail += "; " + p.Code + ": " + p.Message
	}
	return failed(detail, "see the step unchanged; where the body is as it was sent, this is a mistake of Tidings: report it")
}

func (j *journey) store() TestStep {
	switch {
	case j.verdict == nil:
		return skipped("")
	case j.verdict.Code == "":
		return ok("it would have been stored; being a test, it was not", 0)
	case notProof[j.verdict.Code]:
		return failed(j.verdict.Code+": "+j.verdict.Message, remedyOf(j.adapter, j.verdict.Code))
	}
	return skipped("")
}

// untested tells what no test from inside can.
func (j *journey) untested() []string {
	list := []string{
		"whether " + j.adapter.Title + " reaches this URL from where it is: its name servers, firewalls and routes are others",
		"whether it is subscribed to this URL and publishes to it: send a real email, then look at the source's health",
	}
	host, _, _ := net.SplitHostPort(j.trip.Address)
	if a, err := netip.ParseAddr(host); err == nil && (a.IsLoopback() || a.IsPrivate()) {
		list = append([]string{"the way from the internet: " + host + " is an address of this machine or its network; " +
			"set --public-url to what the provider calls, and test again"}, list...)
	}
	return list
}
