package awsbus

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/internal/control"
)

// maxBody is the most bytes that a body may have, packed and unpacked: 256 KiB of entries are up to six times as much when every
// character of a detail is escaped.
const maxBody = 2 << 20

// putInput is the body of PutEvents:
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
type putInput struct {
	Entries    []putEntry
	EndpointID string `json:"EndpointId"`
}

type putEntry struct {
	Time         jsontext.Value // seconds since 1970
	Source       string
	Resources    []string
	DetailType   string
	Detail       string
	EventBusName string
	TraceHeader  string
}

// readBody reads the bytes of a body as they came.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, refuse(codeTooLarge, "the body has more than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return nil, refuse(codeSerialization, "the body did not arrive whole")
	}
	return body, nil
}

// unpack takes the compression off a body.
func unpack(body []byte, encoding string) ([]byte, *refusal) {
	switch strings.ToLower(encoding) {
	case "", "identity":
		return body, nil
	case "gzip":
	default:
		return nil, refuse(codeSerialization, "the Content-Encoding %.40q is not known here: want gzip or none", encoding)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, refuse(codeSerialization, "the body is said to be gzip and is not")
	}
	out, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err != nil {
		return nil, refuse(codeSerialization, "the body is said to be gzip and can't be unpacked")
	}
	if len(out) > maxBody {
		return nil, refuse(codeTooLarge, "the unpacked body has more than %d bytes", maxBody)
	}
	return out, nil
}

// readPut reads the entries of a body. Members that are not known are passed over, as AWS does.
func readPut(body []byte) ([]control.BusEntry, *refusal) {
	var in putInput
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, refuse(codeSerialization, "the body is not the JSON of PutEvents: %s", jsonProblem(err))
	}
	if in.EndpointID != "" {
		return nil, refuse(codeValidation, "there are no global endpoints here: leave EndpointId out")
	}
	list := make([]control.BusEntry, len(in.Entries))
	for i, e := range in.Entries {
		at, ok := readTime(e.Time)
		if !ok {
			return nil, refuse(codeSerialization,
				"Entries.%d.Time must be seconds since 1970, or a time such as 2026-05-04T10:12:00Z", i+1)
		}
		list[i] = control.BusEntry{
			Source: e.Source, DetailType: e.DetailType, Detail: e.Detail, EventBusName: e.EventBusName, Time: at,
			Resources: e.Resources, TraceHeader: e.TraceHeader,
		}
	}
	return list, nil
}

// jsonProblem says where a body is wrong, without the decoder's own words, which differ from build to build.
func jsonProblem(err error) string {
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.JSONPointer != "" {
		return string(e.JSONPointer) + " is of a wrong kind"
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return "at byte " + strconv.FormatInt(e.ByteOffset, 10)
	}
	return "it is of a wrong kind"
}

// readTime reads a time to the millisecond; zero: none was told.
func readTime(v jsontext.Value) (at time.Time, ok bool) {
	switch v.Kind() {
	case 0, jsontext.KindNull:
		return at, true
	case jsontext.KindNumber:
		seconds, err := strconv.ParseFloat(string(v), 64)
		if err != nil || math.Abs(seconds) > math.MaxInt64/1e4 {
			return at, false
		}
		at = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	case jsontext.KindString:
		var text string
		if json.Unmarshal(v, &text) != nil {
			return at, false
		}
		var err error
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			return at, false
		}
	default:
		return at, false
	}
	return at, event.ValidTime(at)
}
