package dsn

import (
	"regexp"
	"strings"

	"github.com/emersion/go-message"
)

// A server that sends by itself lets the reports of each mail come back to an address of its own, bounces+snd_…@acme.test
// (variable envelope return paths), and begins its Message-ID with the same id.
var (
	returnPath = regexp.MustCompile(`(?i)\+(snd_[0-9a-z]{1,60})@`)
	ownID      = regexp.MustCompile(`(?i)^<?(snd_[0-9a-z]{1,60})@`)
)

// labelSend is the metadata by which events lead to the mail that a server sent by itself.
const labelSend = "tidings_send"

// The fields that name the address that a report came to. Mail servers write the later ones in front of it.
var addressed = []string{"To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To"}

// sentAs finds the id of the mail that a report is about, which a server sent by itself: in the address that the report came to,
// in what the report says of the envelope, in what came back of the mail. Empty: it names none.
func (m *letter) sentAs() string {
	for _, name := range addressed {
		if id := find(returnPath, &m.header, name); id != "" {
			return id
		}
	}
	if len(m.feedback) > 0 {
		report := readHeader(m.feedback)
		if id := find(returnPath, &report, "Original-Mail-From"); id != "" {
			return id
		}
	}
	if id := find(returnPath, &m.returned, "Return-Path"); id != "" {
		return id
	}
	return find(ownID, &m.returned, "Message-Id")
}

func find(pattern *regexp.Regexp, h *message.Header, name string) string {
	if h.Len() == 0 {
		return ""
	}
	for _, value := range h.Values(name) {
		if found := pattern.FindStringSubmatch(value); found != nil {
			return strings.ToLower(found[1])
		}
	}
	return ""
}
