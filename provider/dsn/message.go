package dsn

import (
	"maps"
	"slices"
	"strings"

	"github.com/emersion/go-message"

	"tidings/event"
	"tidings/provider"
)

// The message tags that hold our own words, unless the source names others, and the headers that hold the same.
const (
	defaultTemplateTag = "templateKey"
	defaultWorkflowTag = "sequenceId"

	headerTemplate = "x-template-key"
	headerWorkflow = "x-sequence-id"
	headerTag      = "x-tag"
	headerMetadata = "x-metadata-"
	headerSESTags  = "x-ses-message-tags"
)

// tagSet is the value of a message tag that is only a tag.
const tagSet = "true"

// amazon ends the domain of the Message-ID that Amazon SES gives: the part before it is SES's own id of the message.
const amazon = "amazonses.com"

// readMessage reads what a returned header says of our message. envelope is the id that we gave to its envelope (ENVID,
// RFC 3461), which nobody else writes: it comes before the Message-ID.
func readMessage(h *message.Header, envelope string, src provider.Source) event.Message {
	var out event.Message
	if out.ID = envelope; out.ID == "" {
		out.ID = messageID(get(h, "Message-Id"))
	}
	if h.Len() == 0 {
		return out
	}
	out.Subject = provider.DecodeWords(get(h, "Subject"))
	if from := addresses(h, "From"); len(from) > 0 {
		a := event.ParseAddress(from[0])
		out.From, out.SenderDomain = a.Key, a.Domain
	}
	out.SentAt = parseTime(get(h, "Date"))
	readLabels(&out, h, src)
	return out
}

// messageID is a Message-ID without its brackets, and SES's without its domain: events of SES have it so.
func messageID(s string) string {
	if _, rest, ok := strings.Cut(s, "<"); ok {
		s, _, _ = strings.Cut(rest, ">")
	}
	s = strings.TrimSpace(s)
	local, domain, _ := strings.Cut(s, "@")
	if domain == amazon || strings.HasSuffix(domain, "."+amazon) {
		return local
	}
	return s
}

// readLabels reads tags, template, workflow and metadata from our own headers, as the adapter for SES does.
func readLabels(out *event.Message, h *message.Header, src provider.Source) {
	metadata := map[string]string{}
	for f := h.Fields(); f.Next(); {
		name, value := strings.ToLower(f.Key()), strings.Join(strings.Fields(f.Value()), " ")
		switch {
		case value == "":
		case name == headerTemplate && out.Template == "":
			out.Template = templateKey(value)
		case name == headerWorkflow && out.Workflow == "":
			out.Workflow = value
		case name == headerTag:
			out.Tags = append(out.Tags, provider.DecodeWords(value))
		case name == headerSESTags:
			readTags(out, value, metadata, src)
		case strings.HasPrefix(name, headerMetadata) && len(name) > len(headerMetadata):
			setFirst(metadata, name[len(headerMetadata):], provider.DecodeWords(value))
		}
	}
	slices.Sort(out.Tags)
	out.Tags = slices.Compact(out.Tags)
	if len(metadata) > 0 {
		out.Metadata = maps.Clone(metadata)
	}
}

// readTags reads SES's message tags as mail has them: "name=value, name=value".
func readTags(out *event.Message, value string, metadata map[string]string, src provider.Source) {
	templateTag, workflowTag := src.TemplateTag, src.WorkflowTag
	if templateTag == "" {
		templateTag = defaultTemplateTag
	}
	if workflowTag == "" {
		workflowTag = defaultWorkflowTag
	}
	for pair := range strings.SplitSeq(value, ",") {
		name, tag, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch {
		case name == "" || tag == "":
		case name == templateTag:
			out.Template = templateKey(tag)
		case name == workflowTag:
			out.Workflow = tag
		case tag == tagSet:
			out.Tags = append(out.Tags, name)
		default:
			setFirst(metadata, name, tag)
		}
	}
}

func setFirst(m map[string]string, key, value string) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}

// templateKey undoes what senders do to keys such as onboarding/welcome: tag values have no slash.
func templateKey(s string) string { return strings.ReplaceAll(s, "--", "/") }
