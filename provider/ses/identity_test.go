package ses_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/event"
	"tidings/provider/ses"
)

// ids opens a signed record and returns the ids of its events.
func ids(t *testing.T, record string) []event.ID {
	t.Helper()
	s := suite()
	var list []event.ID
	for _, e := range s.Finish(t, s.MustOpen(t, request(http.Header{}, []byte(record), noon)).Drafts) {
		list = append(list, e.ID)
	}
	if len(list) == 0 {
		t.Fatalf("no events in %s", record)
	}
	return list
}

func TestTheSameFactHasTheSameIDInEverySpelling(t *testing.T) {
	t.Parallel()
	const mail = `"mail":{"timestamp":"2026-05-04T10:11:58.000Z","messageId":"m1","destination":["Lea@Acme.test"]%s}`
	facts := []string{
		`"%s":"Bounce",` + mail + `,"bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"lea@acme.test"}],"timestamp":"2026-05-04T10:12:00.120Z","feedbackId":"f1"}`,
		`"%s":"Complaint",` + mail + `,"complaint":{"complainedRecipients":[{"emailAddress":"<LEA@acme.test>"}],"timestamp":"2026-05-04T10:12:00.120Z","feedbackId":"f1"}`,
		`"%s":"Delivery",` + mail + `,"delivery":{"recipients":["lea@acme.test"],"timestamp":"2026-05-04T10:12:00.120Z"}`,
	}
	for _, fact := range facts {
		published := ids(t, "{"+fmt.Sprintf(fact, "eventType", `,"tags":{"a":["b"]}`)+"}")
		legacy := ids(t, "{"+fmt.Sprintf(fact, "notificationType", `,"sourceIp":"192.0.2.1"`)+"}\n")
		bus := ids(t, `{"detail-type":"x","id":"1","detail":{`+fmt.Sprintf(fact, "eventType", "")+"}}")
		if !slices.Equal(published, legacy) || !slices.Equal(published, bus) {
			t.Errorf("ids %v, %v and %v of %.30s", published, legacy, bus, fact)
		}
	}
}

func TestFactsThatDifferHaveDifferentIDs(t *testing.T) {
	t.Parallel()
	record := func(word, object string) string {
		return `{"eventType":"` + word + `","mail":{"timestamp":"2026-05-04T10:11:58.000Z","messageId":"m1","destination":["a@b.test"]},` + object + `}`
	}
	click := func(at, link, ip, agent string) string {
		return record("Click", fmt.Sprintf(`"click":{"timestamp":%q,"link":%q,"ipAddress":%q,"userAgent":%q}`, at, link, ip, agent))
	}
	const at = "2026-05-04T10:12:00.120Z"
	records := []string{
		record("Send", `"send":{}`), record("Reject", `"reject":{"reason":"x"}`), record("Rendering Failure", `"failure":{}`),
		record("Open", `"open":{"timestamp":"`+at+`"}`),
		click(at, "https://a.test", "1", "2"), click("2026-05-04T10:12:00.121Z", "https://a.test", "1", "2"),
		click(at, "https://b.test", "1", "2"), click(at, "https://a.test", "2", "2"), click(at, "https://a.test", "1", "3"),
		record("Bounce", `"bounce":{"timestamp":"`+at+`","feedbackId":"1"}`), record("Bounce", `"bounce":{"timestamp":"`+at+`","feedbackId":"2"}`),
		record("DeliveryDelay", `"deliveryDelay":{"timestamp":"`+at+`"}`),
	}
	seen := make(map[event.ID]string)
	for _, r := range records {
		for _, id := range ids(t, r) {
			if other, ok := seen[id]; ok {
				t.Errorf("one id for %s and %s", r, other)
			}
			seen[id] = r
		}
	}
}

func TestASenderComputesTheIDOfItsSend(t *testing.T) {
	t.Parallel()
	const id = "0102019df23ab8c0-2f1c6a70-000000"
	taken := time.UnixMilli(0x019df23ab8c0).UTC()
	at, key := ses.SendKey(id, "Lea <Lea@Acme.test>", taken.Add(7*time.Second))
	if !at.Equal(taken) {
		t.Fatalf("time %s, want %s", at, taken)
	}
	ours := event.NewID(at, "prj_1", "ses", key...)
	theirs := ids(t, `{"eventType":"Send","mail":{"timestamp":"`+taken.Add(2*time.Second).Format(time.RFC3339)+`","messageId":"`+id+`","destination":["lea@acme.test"]}}`)
	if !slices.Equal(theirs, []event.ID{ours}) {
		t.Errorf("our id %s, SES's %v", ours, theirs)
	}
	for _, odd := range []string{"", "m1", "0102019df23ab8cg-x", "1102019df23ab8c0-x", "0102ffffffffffff-x", "0102000000000001-x"} {
		if at, _ := ses.SendKey(odd, "a@b.test", noon); !at.Equal(noon) {
			t.Errorf("%q: time %s read from an id without one", odd, at)
		}
	}
	if at, _ := ses.SendKey(id, "a@b.test", taken.AddDate(2, 0, 0)); !at.Equal(taken.AddDate(2, 0, 0)) {
		t.Errorf("an id whose time contradicts the record was believed: %s", at)
	}
}

func TestAWordLearntLaterKeepsItsIDs(t *testing.T) {
	t.Parallel()
	// DeliveryDelay was once unknown to other programs. Its key here must be what an unknown word with the same parts has.
	known := `{"eventType":"DeliveryDelay","mail":{"messageId":"m1","destination":["a@b.test"]},"deliveryDelay":{"timestamp":"2026-05-04T10:12:00.120Z"}}`
	s := suite()
	open := func(record string) event.Draft {
		return s.MustOpen(t, request(http.Header{}, []byte(record), noon)).Drafts[0]
	}
	d, u := open(known), open(strings.Replace(known, `"DeliveryDelay"`, `"DeliveryPause"`, 1))
	if u.Name != event.EmailUnknown || !slices.Equal(d.Key[1:], u.Key[1:]) || !d.IdentityAt.Equal(u.IdentityAt) {
		t.Errorf("known: %v at %s, unknown: %v at %s", d.Key, d.IdentityAt, u.Key, u.IdentityAt)
	}
}

func TestRecipientsAreTakenOnceWhateverTheirSpelling(t *testing.T) {
	t.Parallel()
	s := suite()
	rapid.Check(t, func(rt *rapid.T) {
		people := rapid.SliceOfN(rapid.SampledFrom([]string{
			"a@b.test", "A@B.TEST", " a@b.test ", "A <a@b.test>", "c@b.test", "C <C@b.test>", `\"x>\" <c@b.test>`,
		}), 1, 8).Draw(rt, "people")
		record := `{"eventType":"Open","mail":{"messageId":"m1","destination":["` + strings.Join(people, `","`) + `"]},"open":{}}`
		src := s.Source
		r, err := ses.Adapter.Reparse([]byte(record), src)
		if err != nil {
			rt.Fatal(err)
		}
		keys := make(map[string]bool)
		for _, d := range r.Drafts {
			keys[d.Key[2]] = true
			if want := map[bool]event.Attribution{true: event.Exact, false: event.Candidates}[len(r.Drafts) == 1]; d.Attribution != want {
				rt.Errorf("%d drafts are %s", len(r.Drafts), d.Attribution)
			}
		}
		if len(keys) != len(r.Drafts) || len(keys) > 2 {
			rt.Errorf("%d drafts for %v", len(r.Drafts), keys)
		}
	})
}
