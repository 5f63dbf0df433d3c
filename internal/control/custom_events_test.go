package control_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/control"
)

// onBus is an app's event as EventBridge wraps it.
func onBus(id int, name, detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"6f0f3c1e-0000-4000-8000-%012d","detail-type":%q,"source":"shop.orders","account":"111122223333",`+
		`"time":"2026-05-04T10:15:01Z","region":"eu-west-1","resources":[],"detail":%s}`+"\n", id, name, detail)
}

// mailTo is what SES tells of one email that was sent, delivered and opened.
func mailTo(address string) string {
	mail := `"mail":{"timestamp":"2026-05-04T10:00:00.000Z","messageId":"m1","destination":["` + address + `"]}`
	return `{"eventType":"Send",` + mail + `,"send":{}}` + "\n" +
		`{"eventType":"Delivery",` + mail + `,"delivery":{"timestamp":"2026-05-04T10:00:01.000Z","recipients":["` + address + `"]}}` + "\n"
}

// ratesOf are all rates of a project, as text.
func ratesOf(t *testing.T, c *control.Control) (rates []string) {
	t.Helper()
	o, err := c.Overview(t.Context(), operator, control.OverviewFilter{From: "2026-05-01", To: "2026-05-31"})
	must(t, err)
	for _, r := range o.Now.Rates {
		rates = append(rates, fmt.Sprintf("%+v", r))
	}
	return rates
}

// Whatever an app calls its events and puts into them, they say nothing of mail, of consent or of suppression.
func TestACustomEventIsAnEventAndNothingOfMail(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		imported(t, c, control.EventImport{}, textFile("mail", mailTo("lea@acme.test")))
		before := ratesOf(t, c)
		bus := onBus(1, "invoice.paid", `{"email":"Lea <LEA@acme.test>","firstName":"Lea","amount":49}`) +
			onBus(2, "subscriber.unsubscribed", `{"email":"lea@acme.test","subscribed":false,"unsubscribe":true}`) +
			onBus(3, "bounce.hard", `{"email":"lea@acme.test","bounce":{"class":"hard"},"eventType":"Bounce"}`) +
			onBus(4, "trial.started", `{"email":"new@acme.test"}`) +
			onBus(5, "email.complaint", `{"email":"lea@acme.test"}`) +
			onBus(6, "unsubscribed", `{"email":"lea@acme.test"}`) +
			onBus(7, "trial.ended", `{"address":"lea@acme.test"}`) +
			onBus(8, strings.Repeat("x", 300), `{"email":"lea@acme.test"}`) +
			onBus(9, "big.detail", `{"email":"lea@acme.test","text":"`+strings.Repeat("x", 70<<10)+`"}`)
		r := imported(t, c, control.EventImport{}, textFile("bus", bus))
		want := map[string]int64{"reserved_name": 2, "no_address": 1, "bad_name": 1, "data_too_large": 1}
		if diff := cmp.Diff(want, r.Problems); diff != "" || r.New != 5 {
			t.Errorf("%d new (-want +got)\n%s", r.New, diff)
		}

		names, err := c.EventNames(t.Context(), operator)
		must(t, err)
		wantNames := []event.Name{"big.detail", "bounce.hard", "email.delivery", "email.sent", "invoice.paid", "subscriber.unsubscribed", "trial.started"}
		if diff := cmp.Diff(wantNames, names); diff != "" {
			t.Errorf("names (-want +got)\n%s", diff)
		}
		page, err := c.ListEvents(t.Context(), operator, control.EventFilter{Names: []string{"invoice.paid"}})
		must(t, err)
		if len(page.Events) != 1 || page.Events[0].Recipient != "lea@acme.test" || page.Events[0].Message != nil ||
			string(page.Events[0].Data) != `{"email":"Lea <LEA@acme.test>","firstName":"Lea","amount":49}` {
			t.Errorf("%+v", page.Events)
		}
		lea, err := c.Contact(t.Context(), operator, "lea@acme.test")
		must(t, err)
		if lea.State.Unsubscribed || lea.State.ConsentAt != 0 || len(lea.Suppressions) != 0 || lea.State.Counts[0] != 4 {
			t.Errorf("%+v", lea)
		}
		if diff := cmp.Diff(before, ratesOf(t, c)); diff != "" {
			t.Errorf("rates changed (-before +after)\n%s", diff)
		}
		verified(t, c)
	})
}

// What one Tidings exports another imports, custom events among it.
func TestOurOwnCustomEventsAreImportedWithTheirIds(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		own := `{"id":"019df27b-ec88-80be-a8f4-ea370c1f139c","name":"order.paid","occurredAt":"2026-05-04T10:15:01.000Z",` +
			`"source":{"provider":"ses"},"recipient":"lea@acme.test","data":{"order":17}}` + "\n" +
			`{"id":"019df27b-ec88-80be-a8f4-ea370c1f139d","name":"contact.unsubscribed","occurredAt":"2026-05-04T10:15:01.000Z",` +
			`"source":{"provider":"ses"},"recipient":"lea@acme.test","data":{}}` + "\n"
		for range 2 {
			imported(t, c, control.EventImport{}, textFile("own", own))
		}
		list := allEvents(t, c)
		if len(list) != 1 || list[0].Name != "order.paid" || list[0].ID.String() != "019df27b-ec88-80be-a8f4-ea370c1f139c" {
			t.Errorf("%+v", list)
		}
		verified(t, c)
	})
}

// A rule says whom an event is about by whichever road it came, and what it says of them.
func TestAReplayMakesCustomEventsOfASourceOnceARuleKnowsWhomTheyAreAbout(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := importing(t, url)
		bus := onBus(1, "trial.ended", `{"customer":"lea@acme.test"}`) + onBus(2, "trial.ended", `{"email":"tom@acme.test"}`) +
			onBus(3, "trial.ended", `{"email":"shop@acme.test","customer":"kim@acme.test"}`)
		r := imported(t, c, control.EventImport{}, textFile("bus", bus))
		if r.New != 2 || r.Problems["no_address"] != 1 {
			t.Errorf("%+v", r)
		}
		c.Builder.Whom = func(project string, e *event.Event) (says contact.Change, ok bool) {
			var d struct{ Customer string }
			if project != operator.Project || e.Bus.App != "shop.orders" || json.Unmarshal(e.Data, &d) != nil || d.Customer == "" {
				return says, false
			}
			return contact.Change{Address: d.Customer, Attributes: map[string]json.RawMessage{"plan": []byte(`"team"`)}}, true
		}
		for want := range 2 {
			sum, err := c.Replay(t.Context(), operator, control.ReplayFilter{}, nil)
			must(t, err)
			if sum.New != int64(1-want) || sum.Conflicts != 0 || sum.Problems != 0 {
				t.Errorf("%+v", sum)
			}
		}
		page, err := c.ListEvents(t.Context(), operator, control.EventFilter{Contact: "lea@acme.test", App: "shop.orders"})
		must(t, err)
		if len(page.Events) != 1 {
			t.Errorf("%+v", page.Events)
		}
		imported(t, c, control.EventImport{}, textFile("more", onBus(4, "trial.ended", `{"email":"shop@acme.test","customer":"Kim@acme.test"}`)))
		kim, err := c.Contact(t.Context(), operator, "kim@acme.test")
		must(t, err)
		if string(kim.Attributes) != `{"plan":"team"}` {
			t.Errorf("%s", kim.Attributes)
		}
		verified(t, c)
	})
}
