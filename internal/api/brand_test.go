package api_test

import (
	"net/http"
	"testing"
)

func TestABrandIsChangedFieldByField(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	type brand struct{ Name, Color, LogoURL, UpdatedAt string }
	var got brand
	s.call(http.MethodGet, "/brand", "").want(http.StatusOK).into(&got)
	if got != (brand{}) {
		t.Errorf("of nobody: %+v", got)
	}
	s.call(http.MethodPatch, "/brand", `{"name":" Acme ","color":"#1F4FD8"}`).want(http.StatusOK)
	s.call(http.MethodPatch, "/brand", `{"logoUrl":"https://acme.test/logo.png"}`).want(http.StatusOK)
	s.call(http.MethodPatch, "/brand", `{"name":""}`).want(http.StatusOK)
	s.call(http.MethodGet, "/brand", "").want(http.StatusOK).into(&got)
	if got.Name != "" || got.Color != "#1f4fd8" || got.LogoURL != "https://acme.test/logo.png" || got.UpdatedAt == "" {
		t.Errorf("brand %+v", got)
	}
}

func TestAContactPausesUntilATimeThatSomebodySays(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPost, "/contacts", `{"email":"full@acme.test"}`).want(http.StatusCreated)
	type contact struct{ SnoozedUntil string }
	for _, c := range []struct{ said, want string }{
		{`"2026-07-01"`, "2026-07-01T00:00:00.000Z"}, {`"2026-08-01T10:00:00+02:00"`, "2026-08-01T08:00:00.000Z"}, {`""`, ""},
	} {
		var k contact
		s.call(http.MethodPatch, "/contacts/full@acme.test", `{"snoozedUntil":`+c.said+`}`).want(http.StatusOK)
		s.call(http.MethodGet, "/contacts/full@acme.test", "").want(http.StatusOK).into(&k)
		if k.SnoozedUntil != c.want {
			t.Errorf("%s: %q, want %q", c.said, k.SnoozedUntil, c.want)
		}
	}
}
