package api

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/fault"
)

// Problem is how every error is answered: RFC 9457 problem details, which also carry the keys that clients of
// MailGlyph read (code, error, message, time).
type Problem struct {
	Type     string `json:"type" doc:"What is wrong, for programs; a stable code" example:"urn:tidings:error:bad_cursor"`
	Title    string `json:"title" doc:"The text of the status" example:"Unprocessable Entity"`
	Status   int    `json:"status" doc:"The HTTP status" example:"422"`
	Detail   string `json:"detail" doc:"What is wrong, for people" example:"cursor: this is not a cursor of this list"`
	Instance string `json:"instance,omitempty" doc:"The request in the server's log" example:"urn:tidings:request:7q2j5w0c9m3k"`

	Code      int    `json:"code" doc:"The same as status" example:"422"`
	ErrorText string `json:"error" doc:"The same as title" example:"Unprocessable Entity"`
	Message   string `json:"message" doc:"The same as detail" example:"cursor: this is not a cursor of this list"`
	Time      int64  `json:"time" doc:"When, in Unix milliseconds" example:"1777889520120"`

	Field  string         `json:"field,omitempty" doc:"The parameter or field that is wrong, if it is one" example:"cursor"`
	Hint   string         `json:"hint,omitempty" doc:"What can be done about it" example:"leave it out for the first page"`
	Errors []FieldProblem `json:"errors,omitempty" nullable:"false" doc:"All that is wrong, where it is fields"`

	header http.Header
}

// FieldProblem is one thing that is wrong with the input.
type FieldProblem struct {
	Field   string `json:"field" doc:"The parameter, or the path of the field in the body" example:"settings.topics[0]"`
	Code    string `json:"code" doc:"What is wrong, for programs" example:"invalid"`
	Message string `json:"message" doc:"What is wrong, for people" example:"is required"`
	Hint    string `json:"hint,omitempty" doc:"What can be done about it"`
}

// Error returns the text for people.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the headers that go with the status.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is the media type of problems.
func (*Problem) ContentType(string) string { return problemType }

const (
	problemType  = "application/problem+json"
	codePrefix   = "urn:tidings:error:"
	retrySeconds = "1" // after which a busy or restarting server is worth another try
	retryAfter   = "Retry-After"
	authenticate = "WWW-Authenticate"
)

// statuses is the one place where kinds of faults become HTTP.
var statuses = map[fault.Kind]int{
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Gone:            http.StatusGone,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.RateLimited:     http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Timeout:         http.StatusGatewayTimeout,
	fault.Internal:        http.StatusInternalServerError,
}

var statusHeaders = map[int]http.Header{
	http.StatusUnauthorized:       {authenticate: {`Bearer realm="tidings"`}},
	http.StatusTooManyRequests:    {retryAfter: {retrySeconds}},
	http.StatusServiceUnavailable: {retryAfter: {retrySeconds}},
}

// newProblem makes a problem without fields.
func (a *api) newProblem(status int, code, detail string) *Problem {
	return &Problem{
		Type: codePrefix + code, Title: http.StatusText(status), Status: status, Detail: detail,
		Code: status, ErrorText: http.StatusText(status), Message: detail,
		Time: a.Control.Now().UnixMilli(), header: statusHeaders[status],
	}
}

// problem turns an error into what the caller may see. What a caller can do nothing about is logged here, where it
// ends, and shown as no more than the request's id.
func (a *api) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	kind := fault.KindOf(err)
	if kind == fault.Internal {
		a.Logger.ErrorContext(ctx, "request not served", "request", requestID(ctx), "error", err)
		return a.internal(ctx)
	}
	if fields := fault.Fields(err); len(fields) > 0 {
		return a.fieldProblem(statuses[kind], fieldProblems(fields))
	}
	known, ok := errors.AsType[*fault.Error](err)
	if !ok {
		known = fault.New(kind, kind.String(), "the request took too long")
	}
	p := a.newProblem(statuses[kind], known.Code, known.Message)
	p.Hint = known.Hint
	if known.After > 0 {
		p.header = http.Header{retryAfter: {strconv.Itoa(int((known.After + time.Second - 1) / time.Second))}}
	}
	return p
}

func (a *api) internal(ctx context.Context) *Problem {
	p := a.newProblem(http.StatusInternalServerError, fault.Internal.String(), "internal error")
	p.Instance = "urn:tidings:request:" + requestID(ctx)
	p.Hint = "the server's log has more under this request"
	return p
}

func fieldProblems(list []*fault.Error) []FieldProblem {
	out := make([]FieldProblem, len(list))
	for i, e := range list {
		out[i] = FieldProblem{Field: e.Field, Code: e.Code, Message: e.Message, Hint: e.Hint}
	}
	return out
}

// fieldProblem makes a problem of fields. The detail tells all of them; the type is theirs where they have one in common.
func (a *api) fieldProblem(status int, list []FieldProblem) *Problem {
	code := list[0].Code
	words := make([]string, len(list))
	for i, f := range list {
		if f.Code != code {
			code = fault.Invalid.String()
		}
		words[i] = strings.TrimPrefix(f.Field+": "+f.Message, ": ")
	}
	p := a.newProblem(status, code, strings.Join(words, "; "))
	p.Errors = list
	if len(list) == 1 {
		p.Field, p.Hint = list[0].Field, list[0].Hint
	}
	return p
}

// ofFramework replaces errors that huma makes while it reads a request, so that there is one form of error. It never
// repeats what was sent.
func (a *api) ofFramework(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if m.Status >= http.StatusInternalServerError {
		a.Logger.ErrorContext(ctx.Context(), "request not read", "request", requestID(ctx.Context()), "error", m)
		return a.internal(ctx.Context()), nil
	}
	if len(m.Errors) == 0 || m.Status == http.StatusUnsupportedMediaType {
		return a.newProblem(m.Status, frameworkCodes[m.Status], frameworkTexts[m.Status]), nil
	}
	list := make([]FieldProblem, len(m.Errors))
	for i, e := range m.Errors {
		list[i] = fieldProblemOf(m.Status, e)
	}
	return a.fieldProblem(m.Status, list), nil
}

// requiredField is how huma says that a field is missing, at the place of the object that lacks it.
var requiredField = regexp.MustCompile(`^expected required property (.+) to be present$`)

func fieldProblemOf(status int, e *huma.ErrorDetail) FieldProblem {
	p := FieldProblem{Field: fieldOf(e.Location), Code: frameworkCodes[status], Message: e.Message}
	if m := requiredField.FindStringSubmatch(e.Message); m != nil {
		p.Field, p.Message = fieldOf(e.Location+"."+m[1]), "is required"
	}
	if e.Message == "unexpected property" {
		p.Code, p.Message = "unknown_field", "there is no such field"
	}
	return p
}

const codeMalformed = "malformed"

var frameworkCodes = map[int]string{
	http.StatusBadRequest:            codeMalformed,
	http.StatusRequestTimeout:        "body_timeout",
	http.StatusRequestEntityTooLarge: fault.TooLarge.String(),
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusUnprocessableEntity:   fault.Invalid.String(),
}

var frameworkTexts = map[int]string{
	http.StatusBadRequest:            "the request has no body, and needs one of JSON",
	http.StatusRequestTimeout:        "the body did not arrive in time",
	http.StatusRequestEntityTooLarge: "the body is larger than 1 MiB",
	http.StatusUnsupportedMediaType:  "the body must be application/json, not compressed",
	http.StatusUnprocessableEntity:   "the request can't be used as it is",
}

// fieldOf makes the name that a caller knows of a place such as "query.limit" or "body.settings.topics[0]".
func fieldOf(location string) string {
	for _, where := range []string{"body.", "query.", "path."} {
		if name, ok := strings.CutPrefix(location, where); ok {
			return name
		}
	}
	return location
}
