package netguard_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tidings/internal/fault"
	"tidings/internal/netguard"
)

func TestARoadLeadsToItsOwnHostAlone(t *testing.T) {
	t.Parallel()
	asked := ""
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked = r.Method + " " + r.URL.Path + " " + r.Header.Get("X-A") + " " + string(b)
		http.Redirect(w, r, "http://other.test/there?token=1", http.StatusFound)
	}))
	defer own.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	road, err := netguard.NewRoad(own.URL, 5*time.Second, nil)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"X-A": {"b"}}
	trip := road.Send(t.Context(), http.MethodPost, own.URL+"/in/x", header, []byte("body"))
	if trip.Failed != "" || trip.Status != http.StatusFound || trip.Location != "http://other.test/there" ||
		asked != "POST /in/x b body" || trip.Address != strings.TrimPrefix(own.URL, "http://") {
		t.Errorf("%+v, asked %q", trip, asked)
	}
	for _, url := range []string{other.URL, "https" + strings.TrimPrefix(own.URL, "http"), "http://tidings.test/", "::"} {
		trip := road.Send(t.Context(), http.MethodPost, url, header, nil)
		if trip.Failed != netguard.StageURL || !fault.Is(trip.Err, fault.Invalid) {
			t.Errorf("%s: %+v", url, trip)
		}
	}
}

func TestARoadIsOfAnHTTPURLWithoutCredentials(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "tidings.test", "ftp://tidings.test", "https://", "https://amy@tidings.test", "http://[::1"} {
		if _, err := netguard.NewRoad(url, time.Second, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", url, err)
		}
	}
}
