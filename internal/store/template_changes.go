package store

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// templateChanges tells the audit log what differs between two versions. Of long texts it tells how long they are.
func templateChanges(a, b *Template) (list []Change) {
	long := func(s string) string {
		if s == "" {
			return ""
		}
		return strconv.Itoa(utf8.RuneCountInString(s)) + " characters"
	}
	text := func(t *Template) string {
		switch {
		case t.Text == nil:
			return ""
		case *t.Text == "":
			return "none"
		}
		return long(*t.Text)
	}
	for _, x := range [...]struct {
		field, from, to string
		differs         bool
	}{
		{"key", a.Key, b.Key, a.Key != b.Key},
		{"name", a.Name, b.Name, a.Name != b.Name},
		{"description", a.Description, b.Description, a.Description != b.Description},
		{"subject", a.Subject, b.Subject, a.Subject != b.Subject},
		{"body", long(a.Body), long(b.Body), a.Body != b.Body},
		{"text", text(a), text(b), (a.Text == nil) != (b.Text == nil) || a.Text != nil && *a.Text != *b.Text},
		{"type", a.Type, b.Type, a.Type != b.Type},
		{"from", a.From, b.From, a.From != b.From},
		{"fromName", a.FromName, b.FromName, a.FromName != b.FromName},
		{"replyTo", a.ReplyTo, b.ReplyTo, a.ReplyTo != b.ReplyTo},
		{"opens", switchWord(a.Opens), switchWord(b.Opens), switchWord(a.Opens) != switchWord(b.Opens)},
		{"clicks", switchWord(a.Clicks), switchWord(b.Clicks), switchWord(a.Clicks) != switchWord(b.Clicks)},
		{"displayNames", displayWords(a), displayWords(b), displayWords(a) != displayWords(b)},
	} {
		if x.differs {
			list = append(list, Change{Field: x.field, From: x.from, To: x.to})
		}
	}
	return list
}

func switchWord(b *bool) string {
	if b == nil {
		return ""
	}
	return word(*b)
}

func displayWords(t *Template) string {
	if len(t.DisplayNames) == 0 {
		return ""
	}
	return fmt.Sprint(t.DisplayNames)
}

// likeEscape makes a text that LIKE takes as it is, with \ as its escape.
func likeEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
