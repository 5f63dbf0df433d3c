package api_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/api"
	"tidings/internal/control"
)

func TestTheSettingsOfTheServerAreListedWithTheirOrigin(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var list api.SettingList
	s.call(http.MethodGet, "/settings", nil).want(http.StatusOK).into(&list)
	if len(list.Settings) != 0 {
		t.Errorf("a server of none has %v", list.Settings)
	}
	s.control.Settings = []control.Setting{
		{Name: "listen", Variable: "TIDINGS_LISTEN", Value: ":8080", From: "flag", About: "Where to listen."},
		{Name: "public-url", Variable: "TIDINGS_PUBLIC_URL", From: "default", About: "Where others find it."},
	}
	s.call(http.MethodGet, "/settings", nil).want(http.StatusOK).into(&list)
	want := []api.Setting{
		{Name: "listen", Variable: "TIDINGS_LISTEN", Value: ":8080", From: "flag", About: "Where to listen."},
		{Name: "public-url", Variable: "TIDINGS_PUBLIC_URL", From: "default", About: "Where others find it."},
	}
	if d := cmp.Diff(want, list.Settings); d != "" {
		t.Errorf("settings (-want +got):\n%s", d)
	}
}
