package control

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tidings/internal/source"
	"tidings/internal/store"
)

// sourceField is a field of a source as the audit log names it.
type sourceField struct {
	name   string
	of     func(*source.Source) string
	secret bool // only that it changed is told
}

// sourceFields are all that an operation can change on a source.
func sourceFields() []sourceField {
	return []sourceField{
		{name: "name", of: func(s *source.Source) string { return s.Name }},
		{name: "provider", of: func(s *source.Source) string { return s.Provider }},
		{name: "path", of: func(s *source.Source) string { return s.Path }},
		{name: "token", of: func(s *source.Source) string { return string(s.TokenHash[:]) }, secret: true},
		{name: "previousTokenUntil", of: func(s *source.Source) string { return stamp(s.PreviousUntil) }},
		{name: "disabledAt", of: func(s *source.Source) string { return stamp(s.DisabledAt) }},
		{name: "settings.topics", of: func(s *source.Source) string { return strings.Join(s.Settings.Topics, ", ") }},
		{
			name: "settings.signingCertificate", secret: true,
			of: func(s *source.Source) string { return s.Settings.SigningCertificate },
		},
		{name: "settings.requireVersion2", of: func(s *source.Source) string { return yes(s.Settings.RequireVersion2) }},
		{name: "settings.keepBody", of: func(s *source.Source) string { return yes(s.Settings.KeepBody) }},
		{name: "settings.allowRaw", of: func(s *source.Source) string { return yes(s.Settings.AllowRaw) }},
		{name: "settings.confirmByHand", of: func(s *source.Source) string { return yes(s.Settings.ConfirmByHand) }},
		{
			name: "settings.basicAuth", secret: true,
			of: func(s *source.Source) string { return strings.Join(s.Settings.BasicAuth, "\n") },
		},
		{
			name: "settings.secrets", secret: true,
			of: func(s *source.Source) string { return strings.Join(s.Settings.Secrets, "\n") },
		},
		{
			name: "settings.signedUrls", secret: true, // they hold the token
			of: func(s *source.Source) string { return strings.Join(s.Settings.SignedURLs, "\n") },
		},
		{name: "settings.account", of: func(s *source.Source) string { return s.Settings.Account }},
		{name: "settings.maxAgeSeconds", of: func(s *source.Source) string { return number(s.Settings.MaxAgeSeconds) }},
		{name: "settings.templateTag", of: func(s *source.Source) string { return s.Settings.TemplateTag }},
		{name: "settings.workflowTag", of: func(s *source.Source) string { return s.Settings.WorkflowTag }},
		{name: "settings.queue", of: func(s *source.Source) string { return s.Settings.Queue }},
		{name: "settings.queueRegion", of: func(s *source.Source) string { return s.Settings.QueueRegion }},
	}
}

// sourceChanges tells what differs between two states of a source, without secrets.
func sourceChanges(before, after *source.Source) (list []store.Change) {
	for _, f := range sourceFields() {
		from, to := f.of(before), f.of(after)
		if from == to {
			continue
		}
		if f.secret {
			from, to = "", ""
		}
		list = append(list, store.Change{Field: f.name, From: from, To: to})
	}
	return list
}

// keyChanges tells what a new key is, without the key.
func keyChanges(k store.Key) (list []store.Change) {
	for _, c := range [...]store.Change{
		{Field: "name", To: k.Name},
		{Field: "kind", To: string(k.Kind)},
		{Field: "scopes", To: strings.Join(k.Scopes.Words(), ", ")},
		{Field: "expiresAt", To: stamp(k.ExpiresAt)},
		{Field: "bounds.events", To: strings.Join(k.Bounds.Events, ", ")},
		{Field: "bounds.origins", To: strings.Join(k.Bounds.Origins, ", ")},
		{Field: "bounds.domains", To: strings.Join(k.Bounds.Domains, ", ")},
		{Field: "bounds.subscribes", To: strings.TrimPrefix(yes(k.Bounds.Subscribes), "false")},
	} {
		if c.To != "" {
			list = append(list, c)
		}
	}
	return list
}

// stamp writes a time; the zero time is empty.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func yes(b bool) string { return strconv.FormatBool(b) }

func number(n int64) string { return strconv.FormatInt(n, 10) }

func indexed(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
