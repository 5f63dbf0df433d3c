package control_test

import (
	"encoding/json"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/test/database"
)

// tracks stores events of one contact. Nobody is told of them yet.
func (f *flow) tracks(email string, names ...string) {
	f.t.Helper()
	for _, name := range names {
		list, _, err := f.Track(f.t.Context(), operator, control.TrackRequest{Items: []control.TrackItem{{Email: email, Event: name}}})
		must(f.t, err)
		must(f.t, list[0].Problem)
	}
}

func TestWhatCameBeforeARunWasDueIsToldBeforeItGoesOn(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		f.define(defined(t, `{"key":"stops","trigger":{"on":{"event":"go"}},"exitOn":[{"on":{"event":"stop"}}],"steps":[
			{"id":"hour","wait":{"for":"1h"},"next":{"":"end"}},{"id":"end","exit":{"reason":"came to its end"}}]}`),
			defined(t, `{"key":"waits","trigger":{"on":{"event":"go"}},"steps":[
			{"id":"paid","waitFor":{"on":{"event":"paid"},"timeout":"1h"},"next":{"event":"yes","timeout":"no"}},
			{"id":"yes","exit":{"reason":"paid"}},{"id":"no","exit":{"reason":"too late"}}]}`))
		f.happens("ann@acme.test", "go", `{}`)
		f.tracks("ann@acme.test", "go", "go", "paid", "stop") // and the server is away
		f.jump(2 * time.Hour)
		f.goOn()
		if got := f.told("stops"); got != "ann@acme.test EXITED hour exit: stop" {
			t.Error(got)
		}
		if got := f.told("waits"); got != "ann@acme.test EXITED yes paid" {
			t.Error(got)
		}
	})
}

// It waits for the event with the plan, after more others than anybody counts.
func TestAWaitLooksBackAtAllThatCame(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		f.define(defined(t, `{"key":"waits","trigger":{"on":{"event":"go"}},"steps":[{"id":"hour","wait":{"for":"1h"},"next":{"":"paid"}},
			{"id":"paid","waitFor":{"on":{"event":"paid","where":[{"field":"data.plan","operator":"equals","value":"team"}]},"timeout":"1h"},
			"next":{"event":"yes","timeout":"no"}},{"id":"yes","exit":{"reason":"paid"}},{"id":"no","exit":{"reason":"too late"}}]}`))
		f.happens("ann@acme.test", "go", `{}`)
		for i := range 150 {
			f.tracks("ann@acme.test", "paid")
			f.jump(time.Second)
			if i == 0 {
				f.goOn()
			}
		}
		f.happens("ann@acme.test", "paid", `{"plan":"team"}`)
		f.jump(time.Hour)
		f.goOn()
		if got := f.told("waits"); got != "ann@acme.test EXITED yes paid" {
			t.Error(got)
		}
	})
}

func TestWhatWasStoredBeforeARunBeganDoesNotEndIt(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	f.define(defined(t, `{"key":"stops","trigger":{"manual":true},"exitOn":[{"on":{"event":"stop"}}],"steps":[
		{"id":"hour","wait":{"for":"1h"}}]}`))
	f.tracks("ann@acme.test", "stop")
	_, _, err := f.StartRun(t.Context(), operator, "stops", control.NewRun{Contact: "ann@acme.test", Context: json.RawMessage(`{}`)})
	must(t, err)
	f.goOn()
	if got := f.told("stops"); got != "ann@acme.test WAITING hour" {
		t.Error(got)
	}
	f.happens("ann@acme.test", "stop", `{}`)
	if got := f.told("stops"); got != "ann@acme.test EXITED hour exit: stop" {
		t.Error(got)
	}
}

func TestNamesAndReasonsMayHaveAnyCharacterOnBothEngines(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		f.define(defined(t, `{"key":"odd","trigger":{"on":{"event":"go"}},"steps":[
			{"id":"split","split":{"branches":[{"name":"a\u0000","weight":1}]},"next":{"":"end"}},{"id":"end","exit":{"reason":"by\u0000e"}}]}`))
		f.happens("ann@acme.test", "go", `{}`)
		if got := f.told("odd"); got != "ann@acme.test EXITED end by\uFFFDe" {
			t.Errorf("%q", got)
		}
		if got := f.marks(f.runs("odd")[0].ID); got != "split a\uFFFD\nend exited by\uFFFDe" {
			t.Errorf("%q", got)
		}
	})
}
