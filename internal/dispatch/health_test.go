package dispatch_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/internal/dispatch"
)

func failing(at time.Time) dispatch.Outcome {
	return dispatch.Outcome{At: at, Status: 500, Problem: "500"}
}

func TestAnEndpointThatFailsIsProbedAndComesBackWithTheFirstSuccess(t *testing.T) {
	t.Parallel()
	var h dispatch.Health
	at := signedAt
	for n := range 10 {
		if room := h.Room(at, 0, 8); room != 8 {
			t.Fatalf("room for %d after %d failures", room, n)
		}
		h, _ = h.After(failing(at))
		at = at.Add(time.Second)
	}
	if room := h.Room(at, 0, 8); room != 0 {
		t.Errorf("room for %d though it fails", room)
	}
	var pauses []time.Duration
	for range 9 {
		pauses = append(pauses, h.Until.Sub(h.LastFailure))
		at = h.Until
		if one, none := h.Room(at, 0, 8), h.Room(at, 1, 8); one != 1 || none != 0 {
			t.Fatalf("a probe is one request, not %d and %d more", one, none)
		}
		h, _ = h.After(failing(at))
	}
	if pauses[0] != 5*time.Second || pauses[1] != 10*time.Second || pauses[8] != 5*time.Minute {
		t.Errorf("%v", pauses)
	}
	h, disabled := h.After(dispatch.Outcome{At: h.Until, Status: 204})
	if room := h.Room(h.LastSuccess, 0, 8); room != 8 || h.Row != 0 || disabled != "" || !h.Failing.IsZero() || h.LastFailure != at {
		t.Errorf("%+v %q", h, disabled)
	}
}

func TestRequestsThatFailTogetherOpenTheBreakerOnce(t *testing.T) {
	t.Parallel()
	var h dispatch.Health
	for range 64 {
		h, _ = h.After(failing(signedAt))
	}
	if h.Probing != 5*time.Second || h.Until != signedAt.Add(5*time.Second) {
		t.Errorf("%+v", h)
	}
}

func TestAnEndpointIsDisabledAfterFiveDaysOfFailuresAndAtOnceWhereItIsGone(t *testing.T) {
	t.Parallel()
	var h dispatch.Health
	at, disabled := signedAt, ""
	for range 19 {
		h, disabled = h.After(failing(at))
		at = at.Add(7 * time.Hour)
	}
	if disabled != "" {
		t.Errorf("too soon: %s", disabled)
	}
	if _, disabled = h.After(failing(at)); !strings.Contains(disabled, "five days") {
		t.Errorf("%q", disabled)
	}
	if _, disabled = (dispatch.Health{}).After(dispatch.Outcome{At: at, Status: http.StatusGone, Problem: "410"}); !strings.Contains(disabled, "410") {
		t.Errorf("%q", disabled)
	}
}

func TestAReceiverThatAsksForFewerRequestsDoesNotFail(t *testing.T) {
	t.Parallel()
	var h dispatch.Health
	for range 100 {
		h, _ = h.After(dispatch.Outcome{At: signedAt, Status: 429, Problem: "429", After: signedAt.Add(time.Minute)})
	}
	if h.Row != 0 || h.Until != signedAt.Add(time.Minute) || h.Room(signedAt.Add(time.Minute), 0, 8) != 8 {
		t.Errorf("%+v", h)
	}
}
