package awsbus

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/fault"
)

// The codes of AWS's own for what is wrong with a request:
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
const (
	codeNoToken       = "MissingAuthenticationTokenException"
	codeIncomplete    = "IncompleteSignatureException"
	codeSignature     = "InvalidSignatureException"
	codeUnknownClient = "UnrecognizedClientException"
	codeExpired       = "ExpiredTokenException"
	codeDenied        = "AccessDeniedException"
	codeUnknown       = "UnknownOperationException"
	codeValidation    = "ValidationException"
	codeSerialization = "SerializationException"
	codeTooLarge      = "RequestEntityTooLargeException"
	codeThrottled     = "ThrottlingException"
	codeUnavailable   = "ServiceUnavailableException"
	codeInternal      = "InternalException"
)

// The codes of what is wrong with an entry.
const (
	entryInvalid   = "InvalidArgument"
	entryMalformed = "MalformedDetail"
	entrySource    = "NotAuthorizedForSourceException"
)

// refusal is a request that is not done, in AWS's words.
type refusal struct {
	code    string
	message string
	after   time.Duration // when it may succeed; 0: not told
}

func refuse(code, format string, args ...any) *refusal {
	return &refusal{code: code, message: fmt.Sprintf(format, args...)}
}

// Error is the code and what is wrong.
func (r *refusal) Error() string { return r.code + ": " + r.message }

// status is the HTTP status of a code. AWS's JSON protocol knows few.
func (r *refusal) status() int {
	switch r.code {
	case codeInternal:
		return http.StatusInternalServerError
	case codeUnavailable:
		return http.StatusServiceUnavailable
	case codeTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeUnknown:
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

// ofKind are AWS's codes for the kinds of things that go wrong.
var ofKind = map[fault.Kind]string{
	fault.Invalid: codeValidation, fault.Conflict: codeValidation, fault.NotFound: codeValidation, fault.Gone: codeValidation,
	fault.Unauthenticated: codeUnknownClient, fault.Forbidden: codeDenied, fault.TooLarge: codeTooLarge,
	fault.RateLimited: codeThrottled, fault.Unavailable: codeUnavailable, fault.Timeout: codeUnavailable,
}

// refusalOf puts an error into AWS's words. What nobody classified is internal, and shows nothing.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	e, ok := errors.AsType[*fault.Error](err)
	code := ofKind[fault.KindOf(err)]
	if code == "" || !ok {
		if code == codeUnavailable {
			return refuse(codeUnavailable, "it took too long: try again")
		}
		return refuse(codeInternal, "something went wrong here: the server's log tells what")
	}
	if e.Code == auth.CodeExpiredKey {
		code = codeExpired
	}
	return &refusal{code: code, message: saying(e), after: e.After}
}

// saying is what an error says to people.
func saying(e *fault.Error) string {
	text := e.Message
	if e.Field != "" {
		text = e.Field + " " + text
	}
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// entryProblem puts what is wrong with an entry into AWS's words. All that is wrong is in the message, the first names it.
func entryProblem(err error) (code, message string) {
	list := faults(err)
	if len(list) == 0 {
		return codeInternal, "the entry was not taken"
	}
	code = entryInvalid
	switch list[0].Code {
	case control.CodeBadDetail:
		code = entryMalformed
	case control.CodeAWSSource:
		code = entrySource
	}
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = fmt.Sprintf("Parameter %s is not valid. Reason: %s.", e.Field, saying(e))
	}
	return code, strings.Join(texts, " ")
}

// faults are the errors that an error is made of.
func faults(err error) (list []*fault.Error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			list = append(list, faults(e)...)
		}
		return list
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return []*fault.Error{e}
	}
	return nil
}
