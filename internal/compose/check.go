package compose

import (
	"fmt"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"tidings/internal/send"
)

// FieldError is what keeps an email from being written: the field, as in "headers[2].value", and what is wrong with it.
type FieldError struct{ Field, Says string }

func (e *FieldError) Error() string { return e.Field + " " + e.Says }

const (
	maxAddress   = 320
	maxValue     = 8000 // bytes of a header's value
	maxWord      = 900  // bytes without a blank: a line can have 998
	maxFileName  = 255
	maxContentID = 200
)

var (
	headerName = regexp.MustCompile(`^[^:\x00-\x20\x7f-\x{10ffff}]{1,70}$`)
	messageID  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}@[A-Za-z0-9.-]{1,255}$")
	contentID  = regexp.MustCompile(`^[^<>\x00-\x20\x7f-\x{10ffff}]+$`)
)

// ours are the fields that mail has from elsewhere than its list of headers, or from those who pass it on.
var ours = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "reply-to": true, "sender": true, "subject": true, "date": true,
	"message-id": true, "mime-version": true, "return-path": true, "received": true, "dkim-signature": true,
	"delivered-to": true, "x-ses-configuration-set": true, "x-ses-message-tags": true, "x-smtpapi": true, "x-msys-api": true,
}

// HeaderProblem tells what is wrong with a header that somebody asks for, for people; empty: nothing is.
func HeaderProblem(x send.Header) (part, says string) {
	name := strings.ToLower(x.Name)
	switch {
	case !headerName.MatchString(x.Name):
		return "name", "is no name of a header: 1 to 70 letters, digits and dashes"
	case ours[name] || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "resent-"):
		return "name", fmt.Sprintf("%s can't be set: mail has it from elsewhere", x.Name)
	}
	return "value", valueProblem(x.Value)
}

func valueProblem(s string) string {
	if says := textProblem(s); says != "" {
		return says
	}
	if len(s) > maxValue {
		return "is longer than " + strconv.Itoa(maxValue) + " bytes"
	}
	if !printable(s) {
		return "" // it is encoded, in short words
	}
	for word := range strings.SplitSeq(s, " ") {
		if len(word) > maxWord {
			return "has more than " + strconv.Itoa(maxWord) + " bytes without a blank: no line of mail can"
		}
	}
	return ""
}

// textProblem finds what must be in no header: line breaks above all.
func textProblem(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.ContainsAny(s, "\r\n"):
		return "holds a line break"
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }):
		return "holds control characters"
	}
	return ""
}

// AddressProblem tells what is wrong with an address, for people; empty: nothing is.
func AddressProblem(s string) string {
	if says := textProblem(s); says != "" {
		return says
	}
	parsed, err := mail.ParseAddress("<" + s + ">")
	if err != nil || len(s) > maxAddress || parsed.Name != "" {
		return "is not an email address"
	}
	local, domain := cut(parsed.Address)
	switch {
	case local == "":
		return "is not an email address"
	case len(local) > 64:
		return "has more than 64 bytes before the @"
	case strings.HasPrefix(domain, "["):
		return "" // an IP address
	}
	if _, err := asciiDomain(domain); err != nil {
		return "has a domain that no DNS name can be made of"
	}
	return ""
}

func cut(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	return address[:max(at, 0)], address[at+1:]
}

func asciiDomain(s string) (string, error) {
	if printable(s) {
		return strings.ToLower(s), nil
	}
	return idna.Lookup.ToASCII(s)
}

// problem is the first that was found.
type problem struct{ err *FieldError }

func (p *problem) note(field, says string) {
	if says != "" && p.err == nil {
		p.err = &FieldError{field, says}
	}
}

func (p *problem) mailbox(field string, x send.Mailbox) {
	p.note(field+".email", AddressProblem(x.Address))
	p.note(field+".name", textProblem(x.Name))
	if len(x.Name) > maxValue/4 {
		p.note(field+".name", "is longer than "+strconv.Itoa(maxValue/4)+" bytes")
	}
}

func check(m *send.Mail, extra []send.Header) error {
	var p problem
	p.mailbox("from", m.From)
	p.mailbox("to", m.To)
	for i, x := range m.ReplyTo {
		p.mailbox(fmt.Sprintf("replyTo[%d]", i), x)
	}
	if m.ReturnPath != "" {
		p.note("returnPath", AddressProblem(m.ReturnPath))
	}
	p.note("subject", textProblem(m.Subject))
	if len(m.Subject) > maxValue {
		p.note("subject", "is longer than "+strconv.Itoa(maxValue)+" bytes")
	}
	if !messageID.MatchString(m.MessageID) {
		p.note("messageId", "is not of the form id@domain")
	}
	p.headers(m.Headers, extra)
	for i, a := range m.Attachments {
		p.attachment(fmt.Sprintf("attachments[%d]", i), a)
	}
	if p.err != nil {
		return p.err
	}
	return nil
}

func (p *problem) headers(asked, extra []send.Header) {
	seen := make(map[string]bool, len(asked)+len(extra))
	for _, x := range extra {
		seen[strings.ToLower(x.Name)] = true
		p.note("labels."+x.Name, valueProblem(x.Value))
		if !headerName.MatchString(x.Name) {
			p.note("labels", "have a name that no header can have")
		}
	}
	for i, x := range asked {
		at := fmt.Sprintf("headers[%d].", i)
		if part, says := HeaderProblem(x); says != "" {
			p.note(at+part, says)
		}
		name := strings.ToLower(x.Name)
		if seen[name] {
			p.note(at+"name", fmt.Sprintf("%.70q is there twice", x.Name))
		}
		seen[name] = true
	}
}

func (p *problem) attachment(at string, a send.Attachment) {
	p.note(at+".filename", textProblem(a.Name))
	p.note(at+".contentType", textProblem(a.ContentType))
	if len(a.Name) > maxFileName {
		p.note(at+".filename", "is longer than "+strconv.Itoa(maxFileName)+" bytes")
	}
	if len(a.ContentType) > maxFileName {
		p.note(at+".contentType", "is longer than "+strconv.Itoa(maxFileName)+" bytes")
	}
	if a.ContentID != "" && (len(a.ContentID) > maxContentID || !contentID.MatchString(a.ContentID)) {
		p.note(at+".contentId", "must be letters, digits and signs without blanks and brackets")
	}
}

// Domain is the domain of an address in ASCII, as a Message-ID takes it.
func Domain(address string) string {
	_, domain := cut(address)
	ascii, err := asciiDomain(domain)
	if err != nil {
		return "localhost"
	}
	return ascii
}
