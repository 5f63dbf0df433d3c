// Package fakeses gives tests Amazon SES (API version 2) as far as setting it up and sending raw mail goes: configuration
// sets, their event destinations, identities, the account, and what was sent. Paths, fields and errors are those of AWS's
// API reference and of its Go client's own snapshots; what SES itself would say to them was never asked.
package fakeses

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Set is a configuration set.
type Set struct {
	TrackingDomain string
	HTTPSPolicy    string
	Destinations   []Destination
}

// Destination is an event destination as it goes over the wire.
type Destination struct {
	Name               string
	Enabled            bool
	MatchingEventTypes []string
	SnsDestination     *SNS `json:",omitempty"`
}

// SNS is a destination's topic.
type SNS struct{ TopicArn string }

// Identity is a domain or an address.
type Identity struct {
	ConfigurationSet string
	Verified         bool
}

// Failure is what an action answers instead.
type Failure struct {
	Status  int
	Code    string // AccessDeniedException
	Message string
}

// Peer is the control plane of one account. Its fields may be changed between requests, under Lock.
type Peer struct {
	sync.Mutex
	URL        string
	Sets       map[string]*Set
	Identities map[string]*Identity
	Failures   map[string]Failure // by action
	Changes    []string           // the actions that changed something, in order
	Mails      []Mail             // what was sent, in order
	Account    Account
	Lost       bool // what is sent is taken, and then the connection is cut before the answer
}

// Start runs a peer until the test has ended. It has no sets and the given identities, all verified.
func Start(t testing.TB, identities ...string) *Peer {
	t.Helper()
	p := &Peer{Sets: map[string]*Set{}, Identities: map[string]*Identity{}, Failures: map[string]Failure{}}
	for _, name := range identities {
		p.Identities[name] = &Identity{Verified: true}
	}
	server := httptest.NewServer(p.routes())
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

type answer struct {
	status int
	body   any
}

func wrong(status int, code, message string) answer {
	return answer{status, Failure{Status: status, Code: code, Message: message}}
}

func gone(what string) answer {
	return wrong(http.StatusNotFound, "NotFoundException", what+" does not exist.")
}

func exists(what string) answer {
	return wrong(http.StatusBadRequest, "AlreadyExistsException", what+" already exists.")
}

// request is what the actions read of one.
type request struct {
	ConfigurationSetName string
	EventDestinationName string
	EventDestination     Destination
	CustomRedirectDomain string
	NextToken            string
	EmailTags            []Tag
	Destination          struct{ ToAddresses []string }
	Content              struct{ Raw struct{ Data []byte } }
	HTTPSPolicy          string `json:"HttpsPolicy"`
}

func (p *Peer) routes() http.Handler {
	mux := http.NewServeMux()
	const sets, identities = "/v2/email/configuration-sets", "/v2/email/identities"
	for pattern, action := range map[string]struct {
		name string
		do   func(*http.Request, request) answer
	}{
		"POST " + sets:                                        {"CreateConfigurationSet", p.createSet},
		"GET " + sets + "/{set}":                              {"GetConfigurationSet", p.getSet},
		"GET " + sets + "/{set}/event-destinations":           {"GetConfigurationSetEventDestinations", p.destinations},
		"POST " + sets + "/{set}/event-destinations":          {"CreateConfigurationSetEventDestination", p.createDestination},
		"PUT " + sets + "/{set}/event-destinations/{name}":    {"UpdateConfigurationSetEventDestination", p.updateDestination},
		"PUT " + sets + "/{set}/tracking-options":             {"PutConfigurationSetTrackingOptions", p.tracking},
		"POST /v2/email/list-identities":                      {"ListEmailIdentities", p.list},
		"GET " + identities + "/{identity}":                   {"GetEmailIdentity", p.identity},
		"PUT " + identities + "/{identity}/configuration-set": {"PutEmailIdentityConfigurationSetAttributes", p.useSet},
		"POST /v2/email/outbound-emails":                      {"SendEmail", p.send},
		"GET /v2/email/account":                               {"GetAccount", p.account},
	} {
		mux.HandleFunc(pattern, p.serve(action.name, action.do))
	}
	return mux
}

func (p *Peer) serve(action string, do func(*http.Request, request) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p.Lock()
		defer p.Unlock()
		var in request
		var a answer
		failure, fails := p.Failures[action]
		switch {
		case fails:
			a = answer{failure.Status, failure}
		case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="):
			a = wrong(http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token")
		case r.Method != http.MethodGet && json.NewDecoder(r.Body).Decode(&in) != nil:
			a = wrong(http.StatusBadRequest, "BadRequestException", "Unexpected body.")
		default:
			a = do(r, in)
		}
		if a.status == cut {
			panic(http.ErrAbortHandler)
		}
		if a.status == http.StatusOK && !strings.HasPrefix(action, "Get") && !strings.HasPrefix(action, "List") {
			p.Changes = append(p.Changes, action)
		}
		write(w, a)
	}
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	body := a.body
	if f, failed := a.body.(Failure); failed {
		w.Header().Set("X-Amzn-Errortype", f.Code)
		body = map[string]string{"__type": f.Code, "message": f.Message}
	}
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(body)
}

func done() answer { return answer{http.StatusOK, struct{}{}} }

func (p *Peer) set(r *http.Request) (*Set, answer) {
	name := r.PathValue("set")
	s, ok := p.Sets[name]
	if !ok {
		return nil, gone("Configuration set <" + name + ">")
	}
	return s, answer{}
}

func (p *Peer) createSet(_ *http.Request, in request) answer {
	if _, there := p.Sets[in.ConfigurationSetName]; there {
		return exists("Configuration set <" + in.ConfigurationSetName + ">")
	}
	p.Sets[in.ConfigurationSetName] = &Set{}
	return done()
}

func (p *Peer) getSet(r *http.Request, _ request) answer {
	s, a := p.set(r)
	if s == nil {
		return a
	}
	out := map[string]any{"ConfigurationSetName": r.PathValue("set"), "SendingOptions": map[string]any{"SendingEnabled": true}}
	if s.TrackingDomain != "" {
		out["TrackingOptions"] = map[string]string{"CustomRedirectDomain": s.TrackingDomain, "HttpsPolicy": s.HTTPSPolicy}
	}
	return answer{http.StatusOK, out}
}

func (p *Peer) tracking(r *http.Request, in request) answer {
	s, a := p.set(r)
	if s == nil {
		return a
	}
	s.TrackingDomain, s.HTTPSPolicy = in.CustomRedirectDomain, in.HTTPSPolicy
	return done()
}

func (p *Peer) destinations(r *http.Request, _ request) answer {
	s, a := p.set(r)
	if s == nil {
		return a
	}
	return answer{http.StatusOK, map[string]any{"EventDestinations": append([]Destination{}, s.Destinations...)}}
}

func at(s *Set, name string) int {
	return slices.IndexFunc(s.Destinations, func(d Destination) bool { return d.Name == name })
}

func (p *Peer) createDestination(r *http.Request, in request) answer {
	s, a := p.set(r)
	if s == nil {
		return a
	}
	if at(s, in.EventDestinationName) >= 0 {
		return exists("Event destination <" + in.EventDestinationName + ">")
	}
	in.EventDestination.Name = in.EventDestinationName
	s.Destinations = append(s.Destinations, in.EventDestination)
	return done()
}

func (p *Peer) updateDestination(r *http.Request, in request) answer {
	s, a := p.set(r)
	if s == nil {
		return a
	}
	name := r.PathValue("name")
	i := at(s, name)
	if i < 0 {
		return gone("Event destination <" + name + ">")
	}
	in.EventDestination.Name = name
	s.Destinations[i] = in.EventDestination
	return done()
}

// page is how many identities one answer has: few, so that clients have to ask for more.
const page = 2

func (p *Peer) list(_ *http.Request, in request) answer {
	names := slices.Sorted(maps.Keys(p.Identities))
	from, _ := slices.BinarySearch(names, in.NextToken)
	to := min(from+page, len(names))
	out := map[string]any{}
	var rows []map[string]any
	for _, name := range names[from:to] {
		rows = append(rows, map[string]any{"IdentityName": name, "SendingEnabled": p.Identities[name].Verified})
	}
	if out["EmailIdentities"] = rows; to < len(names) {
		out["NextToken"] = names[to]
	}
	return answer{http.StatusOK, out}
}

func (p *Peer) identity(r *http.Request, _ request) answer {
	x, ok := p.Identities[r.PathValue("identity")]
	if !ok {
		return gone("Email identity " + r.PathValue("identity"))
	}
	out := map[string]any{"VerifiedForSendingStatus": x.Verified}
	if x.ConfigurationSet != "" {
		out["ConfigurationSetName"] = x.ConfigurationSet
	}
	return answer{http.StatusOK, out}
}

func (p *Peer) useSet(r *http.Request, in request) answer {
	x, ok := p.Identities[r.PathValue("identity")]
	if !ok {
		return gone("Email identity " + r.PathValue("identity"))
	}
	if _, there := p.Sets[in.ConfigurationSetName]; !there {
		return gone("Configuration set <" + in.ConfigurationSetName + ">")
	}
	x.ConfigurationSet = in.ConfigurationSetName
	return done()
}
