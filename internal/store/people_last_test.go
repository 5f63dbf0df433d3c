package store_test

import (
	"sync"
	"testing"

	"tidings/internal/store"
)

// Two who shut each other out at once must not both succeed.
func TestTwoWhoDisableEachOtherLeaveOneWhoCanSignIn(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		signedUp(t, s)
		other := store.Person{ID: "per_2", Project: store.DefaultProject, Name: "Max", NameKey: "max", CreatedAt: start, Hash: "h"}
		noError(t, s.CreatePerson(t.Context(), other, link("m"), personAct("createPerson", start)))
		for range 10 {
			var wait sync.WaitGroup
			errs := make([]error, 2)
			for i, id := range []string{"per_1", "per_2"} {
				wait.Go(func() { errs[i] = s.DisablePersonButLast(t.Context(), id, personAct("disablePerson", start)) })
			}
			wait.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("both or none: %v", errs)
			}
			for i, id := range []string{"per_1", "per_2"} {
				if errs[i] != nil && codeOf(errs[i]) != store.CodeLastPerson {
					t.Errorf("%s: %v", id, errs[i])
				}
				noError(t, s.EnablePerson(t.Context(), id, personAct("enablePerson", start)))
			}
		}
		noError(t, s.DisablePerson(t.Context(), "per_1", personAct("disablePerson", start)))
		noError(t, s.DisablePerson(t.Context(), "per_2", personAct("disablePerson", start)))
	})
}
