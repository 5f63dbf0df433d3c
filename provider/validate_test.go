package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
)

func TestIncompleteAdaptersDoNotValidate(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*provider.Adapter){
		"Slug":          func(a *provider.Adapter) { a.Slug = "Amazon SES" },
		"Title":         func(a *provider.Adapter) { a.Title = "" },
		"Docs":          func(a *provider.Adapter) { a.Docs = "" },
		"Proof":         func(a *provider.Adapter) { a.Features.Proof = "" },
		"Dedupe":        func(a *provider.Adapter) { a.Features.Dedupe = "" },
		"Retries":       func(a *provider.Adapter) { a.Features.Retries = "" },
		"Names":         func(a *provider.Adapter) { a.Names = nil },
		"email.unknown": func(a *provider.Adapter) { a.Names = []event.Name{event.EmailSent} },
		"email.nothing": func(a *provider.Adapter) { a.Names = []event.Name{"email.nothing", event.EmailUnknown} },
		"listed twice":  func(a *provider.Adapter) { a.Names = []event.Name{event.EmailUnknown, event.EmailUnknown} },
		"MaxBody":       func(a *provider.Adapter) { a.MaxBody = -1 },
		"Open":          func(a *provider.Adapter) { a.Open = nil },
		"Reparse":       func(a *provider.Adapter) { a.Reparse = nil },
		"Element":       func(a *provider.Adapter) { a.Element = nil },
		"answer 42":     func(a *provider.Adapter) { a.Answers = provider.Answers{provider.Stored: 42} },
		`cause "tired"`: func(a *provider.Adapter) { a.Answers = provider.Answers{"tired": 503} },
	}
	for want, spoil := range cases {
		a := ses.Adapter
		spoil(&a)
		if err := provider.Validate(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	all := provider.Validate(provider.Adapter{})
	for _, want := range []string{"Slug", "Open is nil", "Element is nil"} {
		if all == nil || !strings.Contains(all.Error(), want) {
			t.Errorf("not all faults are told: %v", all)
		}
	}
}

func TestAnswersAreTheAdaptersOwnOrTheDefault(t *testing.T) {
	t.Parallel()
	a := provider.Adapter{Answers: provider.Answers{provider.OurFault: http.StatusTooManyRequests}}
	for cause, want := range map[provider.Cause]int{provider.OurFault: 429, provider.Stored: 200, provider.Forbidden: 403, "tired": 500} {
		if got := a.Status(cause); got != want {
			t.Errorf("%s: %d, want %d", cause, got, want)
		}
	}
	if a.Limit() != 1<<20 || !a.Takes("POST") || a.Takes("GET") {
		t.Errorf("limit %d, POST %v, GET %v", a.Limit(), a.Takes("POST"), a.Takes("GET"))
	}
	a.MaxBody, a.Methods = 5, []string{"POST", "HEAD"}
	if a.Limit() != 5 || !a.Takes("HEAD") {
		t.Errorf("limit %d, HEAD %v", a.Limit(), a.Takes("HEAD"))
	}
}
