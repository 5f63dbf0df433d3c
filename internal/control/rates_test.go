package control_test

import (
	"errors"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

func TestEachKeyOfAnAssistantMakesSoManyCallsAndIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	clock := now
	c.Now = func() time.Time { return clock }
	c.AssistantCalls = control.NewRates(3, time.Minute)
	call := func(key string) error {
		who := control.Actor{Project: store.DefaultProject, By: key, Door: control.DoorMCP}
		return c.NoteCall(t.Context(), who, control.Tools()[0], "")
	}
	acts := func() int {
		page, err := c.ListActs(t.Context(), operator, control.AuditFilter{Door: control.DoorMCP})
		must(t, err)
		return len(page.Acts)
	}
	for range 3 {
		must(t, call("key_1"))
	}
	for range 100 {
		err := call("key_1")
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.RateLimited || f.After != 20*time.Second || f.Hint != "come back in 20s" {
			t.Fatalf("the fourth call: %+v, after %v", err, f.After)
		}
	}
	if n := acts(); n != 3 {
		t.Errorf("%d acts, want 3: what was refused for its rate is no act", n)
	}
	must(t, call("key_2"))
	clock = clock.Add(20 * time.Second)
	must(t, call("key_1"))
	if err := call("key_1"); !fault.Is(err, fault.RateLimited) {
		t.Errorf("a second call after one third of the time: %v", err)
	}
	clock = clock.Add(time.Hour)
	for range 3 {
		must(t, call("key_1"))
	}
	if err := call("key_1"); !fault.Is(err, fault.RateLimited) {
		t.Errorf("an hour of silence saved up more than three calls: %v", err)
	}
}

func TestARateOfNoneBoundsNothing(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	c.AssistantCalls = control.NewRates(0, 0)
	for range 200 {
		must(t, c.NoteCall(t.Context(), control.Actor{Project: store.DefaultProject, By: "key_1", Door: control.DoorMCP}, control.Tools()[0], ""))
	}
}
