package ses

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"tidings/event"
	"tidings/provider"
)

// The message tags that hold our own words, unless the source names others.
const (
	defaultTemplateTag = "templateKey"
	defaultWorkflowTag = "sequenceId"
)

// The headers that hold the same where there are no tags: identity notifications have none.
const (
	headerTemplate = "x-template-key"
	headerWorkflow = "x-sequence-id"
	headerTag      = "x-tag"
	headerMetadata = "x-metadata-"
)

// tagSet is the value of a message tag that is only a tag.
const tagSet = "true"

// metadataPrefixes are put before metadata keys by senders that mix them with other message tags.
var metadataPrefixes = []string{"metadata:", "metadata_"}

func readMail(m *mail, src provider.Source) event.Message {
	out := event.Message{
		ID:      m.MessageID,
		Subject: provider.DecodeWords(m.CommonHeaders.Subject),
		Account: m.SendingAccountID,
		SentAt:  parseTime(m.Timestamp),
	}
	from := event.ParseAddress(m.CommonHeaders.From.first())
	if from.Domain == "" {
		from = event.ParseAddress(m.Source)
	}
	out.From, out.SenderDomain = from.Key, from.Domain
	readTags(&out, m.Tags, src)
	readHeaders(&out, m.decodeHeaders())
	slices.Sort(out.Tags)
	out.Tags = slices.Compact(out.Tags)
	return out
}

// decodeHeaders reads the headers if any of them can count: the subject, unless it is known, and our own. Decoding them
// is a third of the cost of a record. Headers that can't be read are none.
func (m *mail) decodeHeaders() []header {
	ours := bytes.Contains(m.Headers, []byte(`"X-`)) || bytes.Contains(m.Headers, []byte(`"x-`))
	if m.CommonHeaders.Subject != "" && !ours {
		return nil
	}
	var list []header
	if len(m.Headers) == 0 || provider.DecodeJSON(m.Headers, &list) != nil {
		return nil
	}
	return list
}

func readTags(out *event.Message, tags tags, src provider.Source) {
	templateTag, workflowTag := src.TemplateTag, src.WorkflowTag
	if templateTag == "" {
		templateTag = defaultTemplateTag
	}
	if workflowTag == "" {
		workflowTag = defaultWorkflowTag
	}
	for name, values := range tags {
		switch {
		case len(values) == 0:
		case name == templateTag:
			out.Template = templateKey(values[0])
		case name == workflowTag:
			out.Workflow = values[0]
		case len(values) == 1 && values[0] == tagSet:
			out.Tags = append(out.Tags, name)
		default:
			// Tag values have no commas, so a list of them stays readable.
			setMetadata(out, name, strings.Join(values, ","))
		}
	}
}

// templateKey undoes what senders do to keys such as onboarding/welcome: tag values have no slash.
func templateKey(s string) string { return strings.ReplaceAll(s, "--", "/") }

func setMetadata(out *event.Message, name, value string) {
	for _, p := range metadataPrefixes {
		name = strings.TrimPrefix(name, p)
	}
	if out.Metadata == nil {
		out.Metadata = make(map[string]string)
	}
	if _, ok := out.Metadata[name]; !ok || value < out.Metadata[name] {
		out.Metadata[name] = value // two names that differ in the prefix alone: the same one wins every time
	}
}

// readHeaders fills what the tags left empty. Names of headers have no case; metadata keys from them are lower-case.
func readHeaders(out *event.Message, headers []header) {
	noTags := len(out.Tags) == 0
	fromTags := maps.Clone(out.Metadata)
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		switch {
		case name == "subject" && out.Subject == "":
			out.Subject = provider.DecodeWords(h.Value)
		case name == headerTemplate && out.Template == "":
			out.Template = templateKey(h.Value)
		case name == headerWorkflow && out.Workflow == "":
			out.Workflow = h.Value
		case name == headerTag && noTags && h.Value != "":
			out.Tags = append(out.Tags, h.Value)
		case strings.HasPrefix(name, headerMetadata):
			key := name[len(headerMetadata):]
			if _, ok := fromTags[key]; !ok && key != "" {
				setMetadata(out, key, h.Value)
			}
		}
	}
}
