package app

import (
	"context"
	"net/http"
	"time"

	"tidings/internal/netguard"
)

// roadTimeout is how long a self-test waits for its answer: less than a request of the API may take.
const roadTimeout = 8 * time.Second

// road makes what self-tests send their requests with: to this server's own URL and nowhere else. The certificate must
// be one that the world trusts, so the authorities are the system's.
func road(base string) func(context.Context, string, string, http.Header, []byte) netguard.Trip {
	r, err := netguard.NewRoad(base, roadTimeout, nil)
	if err != nil { // --public-url is checked at the start; what is left is told by the test
		return func(context.Context, string, string, http.Header, []byte) netguard.Trip {
			return netguard.Trip{Failed: netguard.StageURL, Err: err}
		}
	}
	return r.Send
}
