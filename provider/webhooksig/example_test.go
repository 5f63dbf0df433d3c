package webhooksig_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/webhooksig"
)

// An adapter for a provider that sends through Svix has its own reading and this proof. The provider here is a made-up
// one that tells of deliveries alone.
func Example() {
	const secret = "whsec_plJ3nmyCDGBKInavdOK15jsl"
	read := func(body []byte, _ provider.Source) (provider.Result, error) {
		var ping struct {
			Type provider.Text `json:"event_type"`
		}
		if err := provider.DecodeJSON(body, &ping); err != nil {
			return provider.Result{}, provider.Refuse(provider.Unacceptable, provider.JSONCode(err), "not an event: %v", err)
		}
		d := event.Draft{Key: []string{string(ping.Type)}}
		d.Name, d.Recipient = event.EmailUnknown, "lea@acme.test"
		return provider.Result{Kind: "notification", Keep: body, Drafts: []event.Draft{d}}, nil
	}
	adapter := provider.Adapter{
		Slug: "pigeon", Title: "Pigeon", Docs: "https://pigeon.test/webhooks",
		Names:    []event.Name{event.EmailUnknown},
		Features: provider.Features{Proof: "Svix", Dedupe: "the event's word", Retries: "28 hours"},
		Open: func(req provider.Request, src provider.Source, now time.Time) (provider.Result, error) {
			proof, refusal := webhooksig.Open(req, src.Secrets, src.MaxAge, now, webhooksig.Svix)
			if refusal != nil {
				return provider.Result{}, refusal
			}
			result, err := read(req.Body, src)
			result.Transport = provider.Transport{ID: proof.ID, At: proof.At}
			return result, err
		},
		Reparse: read,
		Element: func(keep []byte, _ int) ([]byte, error) { return keep, nil },
	}
	src := provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{secret}}
	options := provider.Options{Now: func() time.Time { return time.Unix(1731705130, 0) }}
	handler := options.Handler(adapter, src, func(_ context.Context, events []event.Event) error {
		fmt.Println(events[0].Name, events[0].Recipient)
		return nil
	})

	req := httptest.NewRequest(http.MethodPost, "/webhooks/pigeon",
		strings.NewReader(`{"event_type":"ping","data":{"success":true}}`))
	req.Header.Set("svix-id", "msg_loFOjxBNrRLzqYUf")
	req.Header.Set("svix-timestamp", "1731705121")
	req.Header.Set("svix-signature", "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	fmt.Println(w.Code)
	// Output:
	// email.unknown lea@acme.test
	// 200
}
