package form

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/internal/control"
	"tidings/internal/fault"
)

// statuses are those of refusals.
var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.Forbidden: http.StatusForbidden, fault.NotFound: http.StatusNotFound,
	fault.Gone: http.StatusGone, fault.TooLarge: http.StatusRequestEntityTooLarge, fault.RateLimited: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable, fault.Timeout: http.StatusServiceUnavailable,
}

// problem is why a program's request was refused, in the manner of the API.
type problem struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail"`
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Errors  []fieldProblem `json:"errors,omitempty"`
}

type fieldProblem struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// refuse shows what is wrong beside the fields, with what was filled in.
func (v *visit) refuse(asked *control.JoinRequest, err error) {
	wrong := make(map[string]string)
	for _, f := range fault.Fields(err) {
		if f.Field != "" && wrong[f.Field] == "" {
			wrong[f.Field] = f.Message
		}
	}
	if len(wrong) == 0 || v.wantsJSON() {
		v.fail(err)
		return
	}
	v.show(http.StatusUnprocessableEntity, v.page(v.form, asked, wrong))
}

// fail tells why there is nothing to show.
func (v *visit) fail(err error) {
	status, known := statuses[fault.KindOf(err)]
	if !known {
		status = http.StatusInternalServerError
		v.log.ErrorContext(v.r.Context(), "a page of a form failed", "error", err)
	}
	p := problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: "internal",
		Detail: "Something went wrong in our server. Please try again later.",
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && known {
		p.Type, p.Code, p.Detail = "urn:tidings:problem:"+f.Code, f.Code, f.Message
		if f.Code == "unsupported_media_type" {
			p.Status, p.Title = http.StatusUnsupportedMediaType, http.StatusText(http.StatusUnsupportedMediaType)
		}
		if f.After > 0 {
			v.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(float64(f.After)/float64(time.Second)))))
		}
	}
	p.Message = p.Detail
	for _, f := range fault.Fields(err) {
		if f.Field != "" {
			p.Errors = append(p.Errors, fieldProblem{f.Field, f.Message})
		}
	}
	if v.wantsJSON() {
		v.write("application/problem+json", p.Status, p)
		return
	}
	heading, text := words(p.Status)
	v.show(p.Status, said(anybody, heading, text))
}

// words are what people are told of a status.
func words(status int) (heading, text string) {
	for _, x := range [...]struct {
		status        int
		heading, text string
	}{
		{http.StatusNotFound, "This link leads nowhere", "It may be cut off, or what it was for is no more."},
		{http.StatusGone, "This link is too old", "Please ask to be subscribed once more: then you get a new one."},
		{http.StatusForbidden, "This site may not send this form", "Please tell those who run the site."},
		{http.StatusTooManyRequests, "That was too often", "Please try again in a few minutes."},
		{http.StatusRequestEntityTooLarge, "That was too much", "Please write less."},
		{http.StatusUnprocessableEntity, "We could not read that", "Please go back and try again."},
		{http.StatusUnsupportedMediaType, "We could not read that", "Please go back and try again."},
	} {
		if x.status == status {
			return x.heading, x.text
		}
	}
	return "Something went wrong", "It is our fault. Please try again later."
}

func (v *visit) write(kind string, status int, body any) {
	v.w.Header().Set("Content-Type", kind)
	v.w.WriteHeader(status)
	if err := json.MarshalWrite(v.w, body); err != nil {
		v.log.Debug("the answer of a form was not written", "error", err)
	}
}
