package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tidings/internal/control"
	"tidings/internal/fault"
)

const (
	// repeatable lets the one who asked keep an answer, and use it after asking whether it still holds.
	repeatable = "private, no-cache"
	// maxHeld bounds the answers that are hashed before they are sent; longer ones have no ETag.
	maxHeld = 1 << 20

	entityTag   = "ETag"
	ifNoneMatch = "If-None-Match"
	ifMatch     = "If-Match"
)

// neverKept are the operations that only read and whose answers nobody is to keep: bodies as they came, and what guards
// the rest; and the feed, which has no end.
var neverKept = map[string]bool{
	"getEventRaw": true, "getReceiptRaw": true, "listKeys": true, "listActs": true, "getSession": true, "listSessions": true,
	"watchEvents": true,
}

// repeats reports whether answers of an operation have ETags.
func repeats(o control.Operation, method string) bool {
	return method == http.MethodGet && o.Scope != control.Open && !neverKept[o.Name] || o.Name == "updateSource"
}

// repeated gives the answers of an operation their ETags.
func repeated(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	tagged(w, r, func(w http.ResponseWriter) { next(humago.NewContext(ctx.Operation(), r, w)) })
}

// describeRepeats tells of it in the document.
func describeRepeats(op *huma.Operation) {
	if op.Method != http.MethodGet {
		return
	}
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: ifNoneMatch, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
		Description: "The ETag of an answer that you have: where it still holds, the answer is 304 without a body",
	})
	op.Responses[strconv.Itoa(http.StatusOK)] = &huma.Response{Headers: map[string]*huma.Param{entityTag: {
		Schema: &huma.Schema{Type: huma.TypeString}, Description: "For If-None-Match; absent above 1 MiB",
	}}}
	op.Responses[strconv.Itoa(http.StatusNotModified)] = &huma.Response{Description: "What you have still holds"}
}

// repeatedDocument gives what is the same until the program is replaced its ETag.
func repeatedDocument(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tagged(w, r, func(w http.ResponseWriter) { next.ServeHTTP(w, r) })
	})
}

// documents are the paths of repeatedDocument.
var documents = map[string]bool{docsPath: true, stylePath: true, "/openapi.json": true, "/openapi.yaml": true}

// tagged holds an answer of 200 back until it is whole and sends it with its ETag, or, where the request has that
// already, 304. Other answers, and those above maxHeld, go out as they come.
func tagged(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter)) {
	h := &heldAnswer{ResponseWriter: w}
	serve(h)
	h.finish(r)
}

// heldAnswer is an answer that waits until it is whole.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	sent   bool // not held any more
}

// WriteHeader implements http.ResponseWriter.
func (h *heldAnswer) WriteHeader(status int) {
	if h.status = status; status != http.StatusOK {
		h.release()
	}
}

// Write implements http.ResponseWriter.
func (h *heldAnswer) Write(b []byte) (int, error) {
	if h.status == 0 {
		h.status = http.StatusOK
	}
	if !h.sent && h.body.Len()+len(b) <= maxHeld {
		return h.body.Write(b)
	}
	h.release()
	return h.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (h *heldAnswer) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// release sends what is held, without an ETag.
func (h *heldAnswer) release() {
	if h.sent {
		return
	}
	h.sent = true
	h.Header().Del(entityTag)
	h.ResponseWriter.WriteHeader(h.status)
	_, _ = h.ResponseWriter.Write(h.body.Bytes()) // the client has gone
}

// finish sends the whole answer. An ETag that the handler set is the version of what it tells: it leads the hash.
func (h *heldAnswer) finish(r *http.Request) {
	if h.sent || h.status == 0 {
		return
	}
	tag := tagOf(h.Header().Get(entityTag), h.body.Bytes())
	h.Header().Set(entityTag, tag)
	h.Header().Set("Cache-Control", repeatable)
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reading && hasTag(r.Header.Values(ifNoneMatch), tag) {
		h.Header().Del("Content-Type")
		h.Header().Del("Content-Length")
		h.ResponseWriter.WriteHeader(http.StatusNotModified)
		return
	}
	h.ResponseWriter.WriteHeader(h.status)
	_, _ = h.ResponseWriter.Write(h.body.Bytes()) // the client has gone
}

func tagOf(version string, body []byte) string {
	sum := sha256.Sum256(body)
	hash := base64.RawURLEncoding.EncodeToString(sum[:12])
	if version != "" {
		hash = version + "-" + hash
	}
	return `"` + hash + `"`
}

// hasTag looks for a tag in If-None-Match, whose comparison is the weak one: RFC 9110, section 13.1.2.
func hasTag(headers []string, tag string) bool {
	for _, header := range headers {
		for t := range strings.SplitSeq(header, ",") {
			t = strings.TrimSpace(t)
			if t == "*" || strings.TrimPrefix(t, "W/") == tag {
				return true
			}
		}
	}
	return false
}

// versionTag is an ETag that leads with a version. Proxies that compress make it weak; the version says enough.
var versionTag = regexp.MustCompile(`^(?:W/)?"([1-9][0-9]{0,17})-[A-Za-z0-9_-]+"$`)

// versionOf is the version that If-Match asks for: 0 where it is absent or takes any.
func versionOf(header string) (int64, error) {
	tag := strings.TrimSpace(header)
	if tag == "" || tag == "*" {
		return 0, nil
	}
	parts := versionTag.FindStringSubmatch(tag)
	if parts == nil {
		return 0, fault.BadField(ifMatch, "must be the one ETag that GET on this path answered with, or *")
	}
	version, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the version in If-Match: %w", err)
	}
	return version, nil
}
