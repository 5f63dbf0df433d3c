package app_test

import (
	"net"
	"testing"

	"tidings/internal/app"
	"tidings/internal/control"
	"tidings/internal/source"
	"tidings/internal/store"
)

// freePort is a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	var listening net.ListenConfig
	l, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestASourceIsTestedByTheServerAndBesideIt(t *testing.T) {
	o := options(t)
	o.Config.Listen = freePort(t)
	a, stop := start(t, o)
	who := control.Actor{Project: store.DefaultProject, By: "test", Door: "cli"}
	made, err := a.Control().CreateSource(t.Context(), who, control.NewSource{
		Name: "test", Provider: "ses", Settings: source.Settings{Topics: []string{"arn:aws:sns:eu-west-1:111122223333:ses"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	beside, closeStore, err := app.Operations(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, ops := range map[string]*control.Control{"the server": a.Control(), "the command line": beside} {
		if r, err := ops.SelfTest(t.Context(), who, made.ID); err != nil || !r.OK {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if r, err := beside.SelfTest(t.Context(), who, made.ID); err != nil || r.OK {
		t.Errorf("after the stop: %v, %+v", err, r)
	}
	if err := closeStore(); err != nil {
		t.Error(err)
	}
}
