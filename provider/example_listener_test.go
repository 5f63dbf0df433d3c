package provider_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/all"
	"tidings/provider/postmark"
	"tidings/provider/sendgrid"
)

// What Postmark posts of a bounce, and SendGrid of a delivery and an open by Apple's prefetch.
const (
	postmarkBounce = `{"RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "TypeCode": 1, "MessageID": "m2",
		"Email": "ghost@acme.test", "BouncedAt": "2026-05-04T10:12:00Z", "Description": "no such user"}`
	sendgridBatch = `[
		{"event": "delivered", "email": "ann@acme.test", "timestamp": 1777888800, "sg_event_id": "e1", "sg_message_id": "m1"},
		{"event": "open", "email": "ann@acme.test", "timestamp": 1777888801, "sg_event_id": "e2", "sg_message_id": "m1",
			"sg_machine_open": true}]`
)

// post does what a provider does: it posts a body to a URL, which holds user and password.
func post(url, body string) int {
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// withPassword puts a user and a password into a URL.
func withPassword(url string) string {
	return strings.Replace(url, "http://", "http://mail:secret@", 1)
}

func show(_ context.Context, e event.Event) error {
	fmt.Println(e.Name, e.Recipient)
	return nil
}

// A handler is an http.Handler like any other: here it is one route of a server.
func ExampleHandler_netHTTP() {
	src := provider.Source{ID: "src_1", Project: "prj_1", BasicAuth: []string{"mail:secret"}}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/postmark", provider.Handler(postmark.Adapter, src, provider.Listener(show).Handle))
	server := httptest.NewServer(mux)
	defer server.Close()

	fmt.Println(post(withPassword(server.URL)+"/webhooks/postmark", postmarkBounce))
	fmt.Println(post(server.URL+"/webhooks/postmark", postmarkBounce), "without the password")
	// Output:
	// email.bounce ghost@acme.test
	// 200
	// 401 without the password
}

// One mux for all providers, each at its own path. A source that has no secret yet accepts nothing.
func ExampleHandler_allProviders() {
	sources := map[string]provider.Source{
		"postmark": {ID: "src_1", Project: "prj_1", BasicAuth: []string{"mail:secret"}},
		"sendgrid": {ID: "src_2", Project: "prj_1", BasicAuth: []string{"mail:secret"}},
	}
	mux := http.NewServeMux()
	for _, adapter := range all.Adapters() {
		mux.Handle("/in/"+adapter.Slug, provider.Handler(adapter, sources[adapter.Slug], provider.Listener(show).Handle))
	}
	server := httptest.NewServer(mux)
	defer server.Close()

	url := withPassword(server.URL)
	fmt.Println(post(url+"/in/postmark", postmarkBounce))
	fmt.Println(post(url+"/in/sendgrid", sendgridBatch))
	fmt.Println(post(url+"/in/mailgun", "{}") < 300, "for a source without a secret")
	// Output:
	// email.bounce ghost@acme.test
	// 200
	// email.delivery ann@acme.test
	// email.open ann@acme.test
	// 200
	// false for a source without a secret
}

// An adapter alone is a pure function from a request to drafts of events, without a server.
func ExampleAdapter() {
	src := provider.Source{ID: "src_1", Project: "prj_1", BasicAuth: []string{"mail:secret"}}
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	request := provider.Request{Method: http.MethodPost, Header: http.Header{}, Body: []byte(sendgridBatch)}
	_, err := sendgrid.Adapter.Open(request, src, now)
	var refusal *provider.Refusal
	fmt.Println(errors.As(err, &refusal), refusal.Code)

	request.Header.Set("Authorization", "Basic bWFpbDpzZWNyZXQ=")
	result, err := sendgrid.Adapter.Open(request, src, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	events, err := sendgrid.Adapter.Finish(result, src, now)
	for _, e := range events {
		fmt.Println(e.ID, e.Name)
	}
	fmt.Println(err)
	// Output:
	// true no_credentials
	// 019df26e-2d00-8536-a95b-6df027da5465 email.delivery
	// 019df26e-30e8-8c3a-86ba-d85f8bb2ccdc email.open
	// <nil>
}

// Middleware looks at events on their way, changes or stops them. This one keeps a secret out of what comes after it.
func ExampleChain() {
	masked := func(next provider.Listener) provider.Listener {
		return func(ctx context.Context, e event.Event) error {
			_, domain, _ := strings.Cut(e.Recipient, "@")
			e.Recipient = "…@" + domain
			return next(ctx, e)
		}
	}
	count := map[event.Name]int{}
	counted := func(_ context.Context, e event.Event) error {
		count[e.Name]++
		return nil
	}
	listener := provider.Each(
		counted,
		provider.Chain(show, provider.Only(event.EmailDelivery, event.EmailOpen), provider.Humans, masked),
	)

	src := provider.Source{ID: "src_1", Project: "prj_1", BasicAuth: []string{"mail:secret"}}
	server := httptest.NewServer(provider.Handler(sendgrid.Adapter, src, listener.Handle))
	defer server.Close()
	fmt.Println(post(withPassword(server.URL), sendgridBatch), count)
	// Output:
	// email.delivery …@acme.test
	// 200 map[email.delivery:1 email.open:1]
}

// Slow work is done after the provider was answered. What must not be lost is done before: here each event is counted
// first, and only bounces go into the background.
func ExampleBackground() {
	background := provider.NewBackground(show, provider.BackgroundOptions{
		Queue:  100,
		Failed: func(e event.Event, err error) { fmt.Println("not dealt with:", e.ID, err) },
	})
	stored := 0
	store := func(context.Context, event.Event) error {
		stored++
		return nil
	}
	listener := provider.Each(store, provider.Chain(background.Listen, provider.Only(event.EmailBounce)))

	src := provider.Source{ID: "src_1", Project: "prj_1", BasicAuth: []string{"mail:secret"}}
	server := httptest.NewServer(provider.Handler(postmark.Adapter, src, listener.Handle))
	status := post(withPassword(server.URL), postmarkBounce)
	server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := background.Close(ctx) // after the server, so that nothing comes in any more
	fmt.Println(status, stored, err)
	// Output:
	// email.bounce ghost@acme.test
	// 200 1 <nil>
}
