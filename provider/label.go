package provider

import (
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
)

// The names of labels that hold our own words, unless the source names others.
const (
	defaultTemplateTag = "templateKey"
	defaultWorkflowTag = "sequenceId"
)

// ReadLabels sorts the name and value pairs that a sender gave its message at the provider into the message: the
// template ("--" is read as "/") and the workflow by the source's TemplateTag and WorkflowTag, a pair whose value is
// "true" as a tag, every other as metadata. Tags come out sorted.
func ReadLabels(m *event.Message, labels Labels, src Source) {
	templateTag, workflowTag := src.TemplateTag, src.WorkflowTag
	if templateTag == "" {
		templateTag = defaultTemplateTag
	}
	if workflowTag == "" {
		workflowTag = defaultWorkflowTag
	}
	for name, value := range labels {
		switch {
		case name == templateTag:
			m.Template = strings.ReplaceAll(value, "--", "/")
		case name == workflowTag:
			m.Workflow = value
		case value == "true":
			m.Tags = append(m.Tags, name)
		default:
			if m.Metadata == nil {
				m.Metadata = make(map[string]string, len(labels))
			}
			m.Metadata[name] = value
		}
	}
	slices.Sort(m.Tags)
	m.Tags = slices.Compact(m.Tags)
}

// SetFrom sets the sender's address and domain.
func SetFrom(m *event.Message, from string) {
	a := event.ParseAddress(from)
	m.From, m.SenderDomain = a.Key, a.Domain
}

// Response reads what a remote server said off a provider's text: the codes, and a reason where they tell one.
func Response(text string) (code int, enhanced, reason string) {
	code, enhanced = event.ParseSMTP(text)
	if strings.HasSuffix(enhanced, ".0.0") {
		return code, enhanced, event.ReasonOfSMTP(code, "")
	}
	return code, enhanced, event.ReasonOfSMTP(code, enhanced)
}

// refusalClasses are the classes of refusals by their reason.
var refusalClasses = map[string]event.BounceClass{
	event.ReasonBlocked:            event.Block,
	event.ReasonSpam:               event.Block,
	event.ReasonAuthentication:     event.Block,
	event.ReasonThrottled:          event.Soft,
	event.ReasonMailboxFull:        event.Soft,
	event.ReasonMessageTooLarge:    event.Soft,
	event.ReasonContentRejected:    event.Soft,
	event.ReasonAttachmentRejected: event.Soft,
}

// RefusalClass is the class of a bounce whose reason says more of it than the provider's own word and the first digit of
// the code do: a server may refuse for good, with 5xx, what says nothing of the address. It is "" for other reasons.
func RefusalClass(reason string) event.BounceClass { return refusalClasses[reason] }

// JSONTrouble is JSONCode with the place of the error where there is one, for a Problem's message: the decoder's own texts
// differ from build to build, and a problem must read the same when its body is read again.
func JSONTrouble(err error) string {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Sprintf("%s at byte %d", JSONCode(err), syntax.ByteOffset)
	}
	return JSONCode(err)
}

// DecodeWords reads the encoded words of a header (RFC 2047). A text that has none, or one in an unknown charset, stays as
// it is.
func DecodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	text, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		return s
	}
	return text
}
