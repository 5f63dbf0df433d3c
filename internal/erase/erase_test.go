package erase_test

import (
	"encoding/base64"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/erase"
	"tidings/internal/stats"
)

const (
	ann       = "ann.o'hara+news@bücher.acme.test"
	pseudonym = "erased-x@acme.test"
)

var (
	annKey = event.ParseAddress(ann).Key
	person = erase.NewPerson(erase.Target{Address: annKey, Pseudonym: pseudonym, Forms: []string{"Ann.O'Hara+News@bücher.acme.test"}})
)

func quotedPrintable(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func TestAnAddressIsFoundInEverySpelling(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"as it is":            "to " + annKey + ".",
		"in capitals":         strings.ToUpper(annKey),
		"with umlauts":        "<Ann.O'Hara+News@bücher.acme.test>",
		"in a URL":            "https://x.test/?to=ann.o%27hara%2Bnews%40xn--bcher-kva.acme.test&x=1",
		"in a URL in JSON":    `{"Message":"{\"link\":\"https:\/\/x.test\/?to=ann.o'hara%2bnews%40xn--bcher-kva.acme.test\"}"}`,
		"in JSON":             `{"to":"ann.o\u0027hara\u002bnews\u0040xn--bcher-kva.acme.test"}`,
		"after an escape":     `{"text":"hello\nann.o'hara+news@xn--bcher-kva.acme.test"}`,
		"in HTML":             "ann.o&#39;hara+news&#64;xn--bcher-kva.acme.test",
		"in quoted-printable": quotedPrintable(strings.Repeat("ä", 30) + " " + ann),
		"folded":              "To: ann.o'hara+news@xn--bcher-kva.\r\n acme.test",
		"in base64":           base64.StdEncoding.EncodeToString([]byte("Dear " + annKey)),
		"in base64 of a URL":  base64.RawURLEncoding.EncodeToString([]byte(`{"to":"` + annKey + `"}`)),
		"in folded base64": strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("text ", 20)+annKey+strings.Repeat(" text", 20))),
			"ZXh0", "ZXh0\r\n"),
		"after a word":  "to=ann.o'hara+news@xn--bcher-kva.acme.test",
		"as a JSON key": `{"ann.o'hara+news@xn--bcher-kva.acme.test":1}`,
	} {
		if !person.Mentions([]byte(text)) {
			t.Errorf("%s: it is not found in %s", name, text)
		}
		if scrubbed := person.Scrub(text); person.Mentions([]byte(scrubbed)) {
			t.Errorf("%s: it is left in %s", name, scrubbed)
		}
	}
}

func TestOtherAddressesAreNotTakenForIt(t *testing.T) {
	t.Parallel()
	p := erase.NewPerson(erase.Target{Address: "ann@acme.test", Pseudonym: pseudonym})
	for _, text := range []string{
		"joann@acme.test", "jo.ann@acme.test", "ann@acme.test.example", "ann@acme.tests", "ann@acme.test-b.test", "ann+x@acme.test",
		"ann@acme", "", "@", `{"a":"\u0061"}`, "x-ann@acme.test",
	} {
		if p.Mentions([]byte(text)) {
			t.Errorf("it is found in %s", text)
		}
		if got := p.Scrub(text); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}

func TestATextLosesTheAddressAndTheNameBeforeIt(t *testing.T) {
	t.Parallel()
	p := erase.NewPerson(erase.Target{Address: "ann@acme.test", Pseudonym: pseudonym})
	for text, want := range map[string]string{
		"550 <ANN@acme.test>: unknown":                                    "<" + pseudonym + ">: unknown", // what a name is can't be told
		`"Ann, O." <ann@acme.test>, Bob <bob@acme.test>`:                  `"Ann, <` + pseudonym + `>, Bob <bob@acme.test>`,
		"Bob <bob@acme.test>, Ann O <ann@acme.test>":                      "Bob <bob@acme.test>, <" + pseudonym + ">",
		"https://x.test/u/ann@acme.test/start?to=ann@acme.test":           "https://x.test/u/" + pseudonym + "/start?to=" + pseudonym,
		"https://x.test/u/ann%40acme.test/start":                          "https://x.test/u/" + pseudonym + "/start",
		base64.StdEncoding.EncodeToString([]byte("Dear Ann@acme.test! ")): erase.Erased,
	} {
		if got := p.Scrub(text); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}

func TestAHashKnowsOnlyItsProjectAndKey(t *testing.T) {
	t.Parallel()
	one, two := make([]byte, erase.KeySize), make([]byte, erase.KeySize)
	two[0] = 1
	h := erase.HashOf(one, 1, "ann@acme.test")
	for _, other := range []erase.Hash{
		erase.HashOf(two, 1, "ann@acme.test"), erase.HashOf(one, 2, "ann@acme.test"), erase.HashOf(one, 1, "bob@acme.test"),
	} {
		if h == other {
			t.Error("two hashes are the same")
		}
	}
	first, again := erase.Pseudonym(h, 1, "ann@acme.test"), erase.Pseudonym(h, 2, "ann@acme.test")
	for _, p := range []string{first, again} {
		if a := event.ParseAddress(p); a.Key != p || a.Domain != "acme.test" || !erase.IsPseudonym(p) {
			t.Errorf("%s is no address that stays itself: %+v", p, a)
		}
	}
	if first == again || erase.IsPseudonym("erased-letters@acme.test") || erase.IsPseudonym("ann@acme.test") {
		t.Error("pseudonyms are not told apart")
	}
}

func TestWhatIsCountedOfAnEventStays(t *testing.T) {
	t.Parallel()
	e := event.Event{
		Name: event.EmailClick, Recipient: "ann@acme.test", RecipientAs: "Ann@acme.test",
		Message: &event.Message{ID: "m", Subject: "Hi Ann", From: "app@send.test", Tags: []string{"may"}, Metadata: map[string]string{"o": "17"}},
		Bounce:  &event.Bounce{Class: event.Hard, Final: true, Reason: "no_such_user", SMTPCode: 550, EnhancedCode: "5.1.1", Diagnostic: "ann"},
		Delay:   &event.Delay{Reason: "timeout", Diagnostic: "ann"}, Delivery: &event.Delivery{SMTPResponse: "ann", ProcessingMs: 9},
		Reject: &event.Refusal{Reason: "ann", Detail: "ann"}, Subscription: &event.Subscription{Topics: []string{"news"}, Origin: "ann"},
		Click:  &event.Engagement{First: true, URL: "https://x.test/a/12345678?who=ann", LinkTags: map[string][]string{"a": {"ann"}}},
		Client: &event.Client{IP: "203.0.113.1"}, Automation: &event.Automation{Verdict: event.Human, Signals: []string{"ann"}},
		Data: []byte(`{"who":"ann"}`),
	}
	want := event.Event{
		Name: event.EmailClick, Recipient: "ann@acme.test",
		Message: &event.Message{ID: "m", From: "app@send.test", Tags: []string{"may"}},
		Bounce:  &event.Bounce{Class: event.Hard, Final: true, Reason: "no_such_user", SMTPCode: 550, EnhancedCode: "5.1.1"},
		Delay:   &event.Delay{Reason: "timeout"}, Delivery: &event.Delivery{ProcessingMs: 9}, Reject: &event.Refusal{},
		Subscription: &event.Subscription{Topics: []string{"news"}}, Click: &event.Engagement{First: true, URL: "https://x.test/a/:id"},
		Automation: &event.Automation{Verdict: event.Human}, Data: []byte("{}"),
	}
	class, reason, link := stats.ClassOf(&e), stats.ReasonOf(&e), stats.LinkOf(&e)
	for range 2 {
		erase.Event(&e, stats.LinkOf)
		if d := cmp.Diff(want, e); d != "" {
			t.Fatal(d)
		}
	}
	if stats.ClassOf(&e) != class || stats.ReasonOf(&e) != reason || stats.LinkOf(&e) != link {
		t.Error("it is counted otherwise than before")
	}
}

func TestARequestOfSeveralPeopleLosesOne(t *testing.T) {
	t.Parallel()
	p := erase.NewPerson(erase.Target{Address: "ann@acme.test", Pseudonym: pseudonym})
	for name, x := range map[string]struct {
		keep, want string
		others     []int
	}{
		"a batch": {
			`[ {"email":"bob@acme.test"}, {"email":"ann@acme.test","ip":"1"},{"email":"cy@acme.test","n": 1e2}]`,
			`[{"email":"bob@acme.test"},{"email":"cy@acme.test","n": 1e2}]`,
			[]int{0, 2},
		},
		"a batch in an object": {
			`{"events":[{"to":"ann@acme.test"},{"to":"bob@acme.test"}],"n":1}`, `{"events":[{"to":"bob@acme.test"}],"n":1}`, []int{1},
		},
		"an element of two": {
			`{"mail":{"to":["ann@acme.test","bob@acme.test"]},"bounce":{"list":[{"to":"Ann <ann@acme.test>","text":"Ann is out"},{"to":"bob@acme.test"}]}}`,
			`{"mail":{"to":["` + pseudonym + `","bob@acme.test"]},"bounce":{"list":[{"to":"<` + pseudonym + `>"},{"to":"bob@acme.test"}]}}`,
			[]int{0},
		},
		"JSON within JSON": {
			`{"Message":"{\"to\":[\"ann@acme.test\",\"bob@acme.test\"]}"}`, `{"Message":"{\"to\":[\"` + pseudonym + `\",\"bob@acme.test\"]}"}`, []int{0},
		},
		"lines": {
			"{\"tidings\":\"track\"}\n{\"email\":\"ann@acme.test\"}\n{\"email\":\"bob@acme.test\",\"data\":{\"by\":\"ann@acme.test\"}}",
			"{\"tidings\":\"track\"}\nerased\n{\"email\":\"bob@acme.test\",\"data\":{\"by\":\"" + pseudonym + "\"}}",
			[]int{1},
		},
		"no JSON": {"To: ann@acme.test\r\nCc: bob@acme.test", "", []int{0}},
	} {
		got := string(p.Body([]byte(x.keep), func(element int) bool { return slices.Contains(x.others, element) }))
		if got != x.want {
			t.Errorf("%s became\n%s, want\n%s", name, got, x.want)
		}
	}
}

func TestScrubbingLeavesNothingAndIsDoneOnce(t *testing.T) {
	t.Parallel()
	p := erase.NewPerson(erase.Target{Address: "ann@acme.test", Pseudonym: pseudonym})
	pieces := []string{"ann@acme.test", "ANN%40acme.test", "Ann <", ">", " ", "x", "\\u0040", "ann\\u0040acme.test", "=", "=40", "%", "é", ",", "\n", "YW5u"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "")
		once := p.Scrub(text)
		if p.Mentions([]byte(once)) || p.Scrub(once) != once {
			t.Fatalf("%q became %q, and then %q", text, once, p.Scrub(once))
		}
		json := p.JSON(`{"a":` + quote(text) + `}`)
		if p.Mentions([]byte(json)) {
			t.Fatalf("%q is left in %s", text, json)
		}
	})
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

func TestEveryAddressOfATextIsTold(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"x ann@acme.test y", "To: Ann <Ann@ACME.test>", "to=ann@acme.test&", `{"to":"ann\u0040acme.test"}`, "ann%40acme.test",
		base64.StdEncoding.EncodeToString([]byte("Dear ann@acme.test,")), "ann=40acme.test", "<ann@acme.test>.",
	} {
		var all []string
		erase.Addresses([]byte(text), func(address string) bool {
			all = append(all, address)
			return true
		})
		if !slices.Contains(all, "ann@acme.test") {
			t.Errorf("of %s are told %q", text, all)
		}
	}
}

func FuzzBody(f *testing.F) {
	p := erase.NewPerson(erase.Target{Address: "ann@acme.test", Pseudonym: pseudonym})
	f.Add([]byte(`[{"a":"ann@acme.test"},{}]`))
	f.Add([]byte(`{"tidings":"import"}` + "\n{}"))
	f.Add([]byte(`{"a":["{\"b\":\"ann@acme.test\"}"]}`))
	f.Fuzz(func(t *testing.T, keep []byte) {
		got := p.Body(keep, func(int) bool { return true })
		if !p.Mentions(keep) && got != nil && len(keep) > 0 && len(got) == 0 {
			t.Fatalf("%q became nothing", keep)
		}
		erase.Addresses(keep, func(string) bool { return true })
	})
}

func BenchmarkMentions(b *testing.B) {
	p := erase.NewPerson(erase.Target{Address: "ann@acme.test", Pseudonym: pseudonym})
	body := []byte(`{"Type":"Notification","Message":"{\"eventType\":\"Delivery\",\"mail\":{\"timestamp\":\"2026-05-04T10:11:58.000Z\",\"messageId\":\"0102019a1f6e8d2f-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-000000\",\"destination\":[\"lea@acme.test\"],\"headers\":[{\"name\":\"Subject\",\"value\":\"Hi\"}]},\"delivery\":{\"smtpResponse\":\"250 2.0.0 OK queued\",\"reportingMTA\":\"a7-12.smtp-out.amazonses.com\"}}"}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if p.Mentions(body) {
			b.Fatal("it is found")
		}
	}
}
