package stats

import (
	"strconv"
	"testing"
)

func TestOnlySoManyUserAgentsAreKept(t *testing.T) {
	t.Parallel()
	r := DefaultRules()
	often := r.profile("often seen")
	for i := range 3 * generation {
		r.profile("agent " + strconv.Itoa(i))
		if r.profile("often seen") != often {
			t.Fatalf("a user agent in use was forgotten after %d others", i)
		}
		if n := len(r.profiles.young) + len(r.profiles.old); n > 2*generation {
			t.Fatalf("%d user agents are kept, want %d at most", n, 2*generation)
		}
	}
	if _, ok := r.profiles.find("agent 0"); ok {
		t.Error("a user agent out of use is still kept")
	}
}
