package control_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/store"
)

func scopeWords() (words []string) {
	for _, s := range control.KeyScopes() {
		words = append(words, s.Word)
	}
	return words
}

func TestEveryOperationHasAScopeThatIsAWordOfTheTable(t *testing.T) {
	t.Parallel()
	words, known := scopeWords(), make(map[string]bool)
	for _, o := range control.Operations() {
		known[o.Name] = true
		if open := o.Scope == control.Open || o.Scope == control.Person; open != (o.Needs() == "") || !open && !slices.Contains(words, o.Needs()) {
			t.Errorf("%s needs %q, which is none of %v: see needs in scopes.go", o.Name, o.Needs(), words)
		}
		reads := strings.HasPrefix(o.Name, "get") || strings.HasPrefix(o.Name, "list") || strings.HasPrefix(o.Name, "export") || strings.HasPrefix(o.Name, "watch") ||
			slices.Contains([]string{"verify", "previewSegment", "explainSegment", "previewTemplate", "validateTemplate", "measureBroadcast", "tryRule", "tryAlertRule", "validateWorkflow", "dryRunWorkflow", "dryRunStoredWorkflow"}, o.Name)
		if o.Changes() == reads {
			t.Errorf("%s changes something: %t", o.Name, o.Changes())
		}
	}
	for _, name := range control.OperationsWithScope() {
		if !known[name] {
			t.Errorf("scopes.go has a scope for %s, which is no operation", name)
		}
	}
}

// opened are the operations that a key may use.
func opened(scopes store.Scopes) map[string]bool {
	may := make(map[string]bool)
	for _, o := range control.Operations() {
		_, err := control.Admit(o, auth.Principal{KeyID: "key_1", Kind: store.SecretKey, Scopes: scopes})
		may[o.Name] = err == nil
	}
	return may
}

func TestNoKeyMakesOneThatMayDoMore(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	words := append(scopeWords(), "keys:write")
	rapid.Check(t, func(r *rapid.T) {
		some := rapid.SliceOfN(rapid.SampledFrom(words), 1, 4)
		has, wants := some.Draw(r, "has"), some.Draw(r, "wants")
		maker := operator
		maker.Scopes = store.ScopesOf(has)
		key, _, err := c.CreateLimitedKey(t.Context(), maker, control.NewKey{Kind: store.SecretKey, Scopes: wants})
		mayMaker, mayKey := opened(maker.Scopes), opened(store.ScopesOf(wants))
		more := false
		for name := range mayKey {
			more = more || mayKey[name] && !mayMaker[name]
		}
		if more && !fault.Is(err, fault.Forbidden) {
			r.Fatalf("%v made %v: %v", has, key.Scopes, err)
		}
		if _, _, err := c.CreateKey(t.Context(), maker, "", store.SecretKey); !fault.Is(err, fault.Forbidden) {
			r.Fatalf("%v made a key that may do everything: %v", has, err)
		}
		if slices.Equal(store.ScopesOf(has).Words(), store.ScopesOf(wants).Words()) && err != nil {
			r.Fatalf("%v may not make its like: %v", has, err)
		}
	})
}

func TestAnUnknownScopeOpensNothing(t *testing.T) {
	t.Parallel()
	open := make(map[string]bool)
	for _, o := range control.Operations() {
		open[o.Name] = o.Scope == control.Open
	}
	for name, may := range opened("everything *") {
		if open := open[name]; may != open {
			t.Errorf("%s: %t", name, may)
		}
	}
}

// TestEveryFieldOfASourceIsInTheAuditLog changes each field of the settings by itself.
func TestEveryFieldOfASourceIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	settings := reflect.TypeFor[source.Settings]()
	for i := range settings.NumField() {
		var after source.Source
		f := reflect.ValueOf(&after.Settings).Elem().Field(i)
		switch f.Kind() {
		case reflect.String:
			f.SetString("canary")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int64:
			f.SetInt(7)
		default:
			f.Set(reflect.ValueOf([]string{"canary"}))
		}
		name, _, _ := strings.Cut(settings.Field(i).Tag.Get("json"), ",")
		changes := control.SourceChanges(&source.Source{}, &after)
		if len(changes) != 1 || changes[0].Field != "settings."+name {
			t.Errorf("%s: %+v", name, changes)
			continue
		}
		secret := slices.Contains([]string{"basicAuth", "secrets", "signedUrls", "signingCertificate"}, name)
		if secret != (changes[0].To == "") {
			t.Errorf("%s: %+v", name, changes)
		}
	}
}

func TestChangesAtOnceAreAllMade(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	made, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "main", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	name, tag, yes, age := "renamed", "campaign", true, int64(60)
	changes := []control.SourceChange{{Name: &name}, {TemplateTag: &tag}, {RequireVersion2: &yes}, {MaxAgeSeconds: &age}}
	var wait sync.WaitGroup
	failed := make([]error, len(changes))
	for i, ch := range changes {
		wait.Go(func() { _, failed[i] = c.UpdateSource(t.Context(), operator, made.ID, ch) })
	}
	wait.Wait()
	must(t, errors.Join(failed...))
	got, err := c.Source(t.Context(), operator, made.ID)
	must(t, err)
	if got.Name != name || got.Settings.TemplateTag != tag || !got.Settings.RequireVersion2 ||
		got.Settings.MaxAgeSeconds != age || got.Version != 5 {
		t.Errorf("a change was lost: %+v", got)
	}
}

func TestAKeyThatExpiresMakesNoneThatLivesLonger(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	maker := operator
	maker.ExpiresAt = now.Add(time.Hour)
	for _, x := range []struct {
		expires string
		ok      bool
	}{{"", false}, {"2026-05-05T13:00:01Z", false}, {"2026-05-05T13:00:00Z", true}, {"2026-05-05T12:30:00Z", true}} {
		_, _, err := c.CreateLimitedKey(t.Context(), maker, control.NewKey{Kind: store.SecretKey, ExpiresAt: x.expires})
		if (err == nil) != x.ok || err != nil && !fault.Is(err, fault.Forbidden) {
			t.Errorf("%q: %v", x.expires, err)
		}
	}
}

func TestARecountIsNotedWithWhatItPutRight(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	_, err := c.Recount(t.Context(), operator, nil)
	must(t, err)
	page, err := c.ListActs(t.Context(), operator, control.AuditFilter{Operation: "recount"})
	must(t, err)
	_, err = c.Store.Recount(t.Context(), control.ByServer(now, "recount"), nil)
	must(t, err)
	alone, err := c.ListActs(t.Context(), operator, control.AuditFilter{By: "server", Door: "server"})
	must(t, err)
	if len(alone.Acts) != 1 {
		t.Errorf("of the server itself: %+v", alone.Acts)
	}
	if got := fmt.Sprint(page.Acts[0].Changes); len(page.Acts) != 1 || got != "[{events  0} {messages  0} {counters  0}]" {
		t.Errorf("acts %+v", page.Acts)
	}
}
