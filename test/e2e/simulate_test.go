package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	simulatedTopic = "arn:aws:sns:eu-west-1:123456789012:simulated-mail"
	defaultFacts   = 2000
)

// simulation is what `tidings simulate` says that a server which was empty before should contain.
type simulation struct {
	Events, Contacts, Messages, Posts, Notifications int64
	ByName, Suppressed                               map[string]int64
}

// order is how a simulated world's notifications are shuffled and repeated.
type order struct{ window, noise string }

// contents is all that facts leave in a server, without what names the time and the way they came.
type contents struct {
	Events     []storedEvent
	Suppressed map[string][]string // addresses by reason
	Counts     map[string]int64    // distinct contacts and messages of the events
	Recount    verification
}

func TestShuffledAndRepeatedFactsEndInTheOneRightStateOnBothEngines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, certificate := filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.pem")
	if r := command(t, "simulate", "--key-file", key, "--certificate-out", certificate); r.code != 0 {
		t.Fatalf("write the certificate: %s", r.errOut)
	}
	pem, err := os.ReadFile(certificate)
	must(t, err)
	start := time.Now().AddDate(0, 0, -10).UTC().Format(time.RFC3339)
	facts := strconv.Itoa(setting(t, factsVariable, defaultFacts))
	run := func(s *server, path string, o order) (sum simulation) {
		ask(s.t, &sum, "simulate", "--url", s.base+path, "--key-file", key, "--events", facts, "--seed", "7", "--start", start,
			"--recipients", "900", "--window", o.window, "--noise", o.noise)
		return sum
	}
	// A window of 0 keeps the order.
	orders := map[string][2]order{
		"sqlite":   {{"50", "0.05"}, {"0", "0"}},
		"postgres": {{"4000", "0.3"}, {"700", "0.1"}},
	}
	found := map[string]contents{}
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			s := serve(t, database(t, engine))
			path := s.source("simulated", pem, "--topic", simulatedTopic).path
			sum := run(s, path, orders[engine][0])
			found[engine] = s.contents()
			compare(t, sum, found[engine])
			if receipts, came := s.receipts(); int64(receipts) != sum.Notifications || came != sum.Posts {
				t.Errorf("%d receipts of %d requests, the simulation made %d and %d", receipts, came, sum.Notifications, sum.Posts)
			}
			run(s, path, orders[engine][1])
			if diff := cmp.Diff(found[engine], s.contents()); diff != "" {
				t.Errorf("the same world in another order changed something:\n%s", short([]byte(diff)))
			}
		})
	}
	if diff := cmp.Diff(withoutRefs(found["sqlite"]), withoutRefs(found["postgres"])); diff != "" {
		t.Errorf("the engines came to different states:\n%s", short([]byte(diff)))
	}
}

// contents reads a server's contents through API and commands.
func (s *server) contents() contents {
	s.t.Helper()
	c := contents{
		Events: s.facts(), Suppressed: map[string][]string{}, Counts: map[string]int64{}, Recount: verify(s.t, s.db),
	}
	for _, reason := range []string{"hard_bounce", "soft_bounce", "complaint", "provider", "manual"} {
		if held := suppressed(s.t, s.db, reason); len(held) > 0 {
			c.Suppressed[reason] = slices.Sorted(maps.Keys(held))
		}
	}
	contacts, messages := map[string]bool{}, map[string]bool{}
	for _, e := range c.Events {
		contacts[e.ContactID], messages[e.EmailID] = true, true
	}
	c.Counts["contacts"], c.Counts["messages"] = int64(len(contacts)), int64(len(messages))
	return c
}

// compare holds what a server contains against what the simulation made up.
func compare(t *testing.T, want simulation, got contents) {
	t.Helper()
	byName, held := map[string]int64{}, map[string]int64{}
	for _, e := range got.Events {
		byName[e.Name]++
	}
	for reason, addresses := range got.Suppressed {
		held[reason] = int64(len(addresses))
	}
	if diff := cmp.Diff(want.ByName, byName); diff != "" {
		t.Errorf("events by name (-simulated +stored):\n%s", diff)
	}
	if diff := cmp.Diff(want.Suppressed, held); diff != "" {
		t.Errorf("contacts suppressed (-simulated +stored):\n%s", diff)
	}
	wanted := map[string]int64{"events": want.Events, "contacts": want.Contacts, "messages": want.Messages}
	recounted := map[string]int64{
		"events": got.Recount.Events, "contacts": got.Recount.Contacts, "messages": got.Recount.Messages,
	}
	listed := map[string]int64{
		"events": int64(len(got.Events)), "contacts": got.Counts["contacts"], "messages": got.Counts["messages"],
	}
	if !maps.Equal(wanted, recounted) || !maps.Equal(wanted, listed) {
		t.Errorf("simulated %v, recounted %v, listed %v", wanted, recounted, listed)
	}
}

// withoutRefs leaves out what numbers rows in the order in which they came.
func withoutRefs(c contents) contents {
	c.Events = slices.Clone(c.Events)
	for i := range c.Events {
		c.Events[i].ContactID, c.Events[i].EmailID = "", ""
	}
	return c
}
