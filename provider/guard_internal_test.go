package provider

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyPublicHTTPSAddressesAreDialled(t *testing.T) {
	t.Parallel()
	public := []string{"8.8.8.8:443", "52.46.128.1:443", "[2600:1f18::1]:443", "[::ffff:8.8.8.8]:443"}
	private := []string{
		"8.8.8.8:80", "8.8.8.8:8443", "127.0.0.1:443", "10.0.0.1:443", "172.16.0.1:443", "192.168.1.1:443", "169.254.169.254:443",
		"0.0.0.0:443", "0.1.2.3:443", "100.64.0.1:443", "192.0.0.1:443", "192.0.2.1:443", "198.18.0.1:443", "198.51.100.1:443",
		"203.0.113.1:443", "224.0.0.1:443", "240.0.0.1:443", "255.255.255.255:443", "[::]:443", "[::1]:443", "[::8.8.8.8]:443",
		"[::ffff:127.0.0.1]:443", "[::ffff:10.0.0.1]:443", "[64:ff9b::7f00:1]:443", "[64:ff9b:1::1]:443", "[2001::1]:443",
		"[2001:db8::1]:443", "[2002:7f00:1::]:443", "[fc00::1]:443", "[fe80::1]:443", "[fe80::1%25eth0]:443", "[fec0::1]:443",
		"[ff02::1]:443", "[100::1]:443", "[3fff::1]:443", "example.test:443", "",
	}
	for _, a := range public {
		if err := dialPublic("tcp", a, nil); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	for _, a := range private {
		if dialPublic("tcp", a, nil) == nil {
			t.Errorf("%s is dialled", a)
		}
	}
}

func TestAFetchIsOneShortAnswerAndNoRedirect(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("text")) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", maxFetched+1)))
	})
	mux.Handle("/away", http.RedirectHandler("/ok", http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = guardedClient().CheckRedirect
	fetch := fetchWith(client)
	for path, want := range map[string]string{"/ok": "text", "/long": "", "/away": "", "/none": ""} {
		got, err := fetch(context.Background(), server.URL+path)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	if _, err := fetch(context.Background(), ":"); err == nil {
		t.Error("a URL that is none is fetched")
	}
}
