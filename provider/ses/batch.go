package ses

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

const (
	// batchMark begins what is kept of a batch, and nothing else that is kept.
	batchMark = `{"batch":`
	// maxFacts bounds the texts of a batch and the drafts that they become. 64 MiB of what SES sends is a third of it.
	maxFacts = 100_000
	// maxElement is the longest text that is read; SES's are 256 KiB at most.
	maxElement = 1 << 20
	// maxProblems bounds the problems of a batch that are told one by one.
	maxProblems = 100
)

// batch is a request with several messages. It is kept as an object with the texts of the messages: one that is a JSON
// object stands there as it came, but for what must never be kept, and any other is a string with its Base64.
type batch struct {
	keep  bytes.Buffer
	texts []piece
}

// piece is a text of a batch: where it is in what is kept, or, of one that is no object, itself.
type piece struct {
	from, to int
	text     []byte
}

// newBatch begins a batch of a kind whose texts take about size bytes.
func newBatch(kind string, size int) *batch {
	b := &batch{}
	b.keep.Grow(size)
	b.keep.WriteString(batchMark + `"` + kind + `","elements":[`)
	return b
}

// addText adds the JSON texts that follow each other in a text, with newlines or nothing between them. What is no JSON
// ends with its line: it costs only itself.
func (b *batch) addText(text []byte) *provider.Refusal {
	for len(bytes.TrimSpace(text)) > 0 {
		n, ok := firstText(text)
		if r := b.add(bytes.TrimSpace(text[:n]), ok); r != nil {
			return r
		}
		text = text[n:]
	}
	return nil
}

// firstText returns where the first text ends, and whether it is a JSON object.
func firstText(text []byte) (end int, object bool) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	value, err := d.ReadValue()
	if err == nil {
		return int(d.InputOffset()), value.Kind() == jsontext.KindBeginObject
	}
	start := len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	if line := bytes.IndexByte(text[start:], '\n'); line >= 0 {
		return start + line + 1, false
	}
	return len(text), false
}

func (b *batch) add(text []byte, object bool) *provider.Refusal {
	if len(b.texts) == maxFacts {
		return tooMany()
	}
	if len(b.texts) > 0 {
		b.keep.WriteByte(',')
	}
	if !object {
		b.keep.WriteString(`"` + base64.StdEncoding.EncodeToString(text) + `"`)
		b.texts = append(b.texts, piece{text: bytes.Clone(text)})
		return nil
	}
	from := b.keep.Len()
	b.keep.Write(withoutSecrets(text))
	b.texts = append(b.texts, piece{from: from, to: b.keep.Len()})
	return nil
}

func tooMany() *provider.Refusal {
	return provider.Refuse(provider.TooLarge, "too_many_events",
		"the request holds more than %d events: make the buffer of what sends it smaller", maxFacts)
}

// open ends a batch and reads it. id is how its transport names it.
func (b *batch) open(id string, src provider.Source) (provider.Result, error) {
	b.keep.WriteString("]}")
	keep := b.keep.Bytes()
	elements := make([][]byte, len(b.texts))
	for i, p := range b.texts {
		if elements[i] = p.text; p.to > 0 {
			elements[i] = keep[p.from:p.to:p.to]
		}
	}
	result, refusal := readBatch(elements, src)
	if refusal != nil {
		return provider.Result{}, refusal
	}
	result.Transport.ID = id
	result.Keep = keep
	return result, nil
}

// readBatch reads the texts of a batch, as they are kept. It fails only for too many events.
func readBatch(elements [][]byte, src provider.Source) (provider.Result, *provider.Refusal) {
	result := provider.Result{Kind: kindNotification, Elements: make([][]byte, len(elements))}
	dropped := 0
	for i, text := range elements {
		message, drafts, problems := readElement(text, src)
		result.Elements[i] = message
		if len(result.Drafts)+len(drafts) > maxFacts {
			return provider.Result{}, tooMany()
		}
		for _, d := range drafts {
			d.Element = i
			result.Drafts = append(result.Drafts, d)
		}
		for _, p := range problems {
			if p.Element = i; len(result.Problems) < maxProblems {
				result.Problems = append(result.Problems, p)
			} else {
				dropped++
			}
		}
	}
	if dropped > 0 {
		result.Problems = append(result.Problems, provider.Problem{
			Element: -1, Code: "more_problems", Message: fmt.Sprintf("%d more problems of this request are not listed", dropped),
		})
	}
	return result, nil
}

// readElement reads one text: a record, an EventBridge event, or an SNS envelope around either.
func readElement(text []byte, src provider.Source) (message []byte, drafts []event.Draft, problems []provider.Problem) {
	message, at := elementMessage(text)
	if len(message) > maxElement {
		return message, nil, problem("too_large", fmt.Sprintf("a message of %d bytes is no SES record and is not read", len(message)))
	}
	result, rec := readMessage(message, at, src)
	if r := checkAccount(rec, result.Drafts, src); r != nil {
		return message, nil, problem(r.Code, r.Message)
	}
	return message, result.Drafts, result.Problems
}

func isBatch(keep []byte) bool { return bytes.HasPrefix(keep, []byte(batchMark)) }

var errBatch = errors.New("not a batch as it is kept")

// keptElements returns the texts of a batch that was kept.
func keptElements(keep []byte) ([][]byte, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(keep), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	want := []jsontext.Kind{
		jsontext.KindBeginObject, jsontext.KindString, jsontext.KindString, jsontext.KindString, jsontext.KindBeginArray,
	}
	for _, kind := range want {
		if token, err := d.ReadToken(); err != nil || token.Kind() != kind {
			return nil, errBatch
		}
	}
	elements := [][]byte{}
	for d.PeekKind() != jsontext.KindEndArray {
		value, err := d.ReadValue()
		if err != nil || len(elements) == maxFacts {
			return nil, errBatch
		}
		end := int(d.InputOffset())
		text, ok := keptElement(keep[end-len(value) : end])
		if !ok {
			return nil, errBatch
		}
		elements = append(elements, text)
	}
	return elements, nil
}

func reparseBatch(keep []byte, src provider.Source) (provider.Result, error) {
	elements, err := keptElements(keep)
	if err != nil {
		return provider.Result{}, fmt.Errorf("reparse: %w", err)
	}
	result, refusal := readBatch(elements, src)
	if refusal != nil {
		return provider.Result{}, fmt.Errorf("reparse: %w", refusal)
	}
	result.Keep = keep
	return result, nil
}

func batchElement(keep []byte, i int) ([]byte, error) {
	elements, err := keptElements(keep)
	if err != nil {
		return nil, fmt.Errorf("element %d: %w", i, err)
	}
	if i < 0 || i >= len(elements) {
		return nil, fmt.Errorf("element %d: the request holds %d", i, len(elements))
	}
	message, _ := elementMessage(elements[i])
	return message, nil
}

// elementMessage takes the SNS envelope off a text that has one, and tells when SNS made it.
func elementMessage(text []byte) (message []byte, at time.Time) {
	members, err := provider.Members(text)
	if err != nil || !envelopeMembers(members) {
		return text, time.Time{}
	}
	return unwrap(members)
}

func keptElement(value jsontext.Value) ([]byte, bool) {
	switch value.Kind() {
	case jsontext.KindBeginObject:
		return value, true
	case jsontext.KindString:
		text, err := base64.StdEncoding.DecodeString(strings.Trim(string(value), `"`))
		return text, err == nil
	}
	return nil, false
}

// capabilities are members of an SNS envelope that let whoever reads them act: they are never kept. Lambda spells
// some of them otherwise than SNS does.
var capabilities = []string{"Signature", "UnsubscribeURL", "SubscribeURL", "Token"}

// withoutSecrets returns an SNS envelope without what must never be kept, and any other text as it is.
func withoutSecrets(text []byte) []byte {
	members, err := provider.Members(text)
	if err != nil || !envelopeMembers(members) {
		return text
	}
	return provider.JoinMembers(slices.DeleteFunc(members, func(m provider.Member) bool {
		return slices.ContainsFunc(capabilities, func(c string) bool { return strings.EqualFold(c, m.Name) })
	}))
}
