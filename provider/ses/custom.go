package ses

import (
	stdjson "encoding/json"
	"errors"

	"tidings/event"
	"tidings/provider"
)

// maxDetail is how much of a detail is kept as the data of its event, in bytes: package event takes no more.
const maxDetail = 64 << 10

// readCustom makes an event of somebody's own event on a bus: named by its detail-type, about whom detail.email names. It may
// name nobody: then whoever takes it in may know, see provider.Nobody. What can't be one is a problem, and stays on its receipt.
func readCustom(b *bridge) (drafts []event.Draft, problems []provider.Problem) {
	what := "the event of source " + clip(b.From.first()) + " with detail-type " + clip(b.DetailType.first())
	name, err := event.CustomName(b.DetailType.first())
	switch {
	case errors.Is(err, event.ErrReservedName):
		return nil, problem("reserved_name", what+" has a name of Tidings' own, which nobody else can use")
	case err != nil:
		return nil, problem("bad_name", what+" can't be named by it: "+err.Error())
	}
	if len(b.Detail) > maxDetail {
		problems = problem("data_too_large", what+" has a detail of more than 64 KiB: the event has no data")
	}
	at := parseTime(b.Time.first())
	return []event.Draft{{
		Event: event.Event{
			Name: name, OccurredAt: at, Recipient: provider.CustomAddress(b.Detail), Attribution: event.Exact,
			Bus:  &event.Bus{App: b.From.first(), Account: b.Account.first(), Region: b.Region.first(), Resources: b.Resources},
			Data: stdjson.RawMessage(b.Detail),
		},
		IdentityAt: at,
		Key:        customKey(b),
	}}, problems
}

// customKey is the natural key of a custom event: the id that EventBridge gave it, the same for every rule and target.
// What a transformer left without an id is known by all that is left.
func customKey(b *bridge) []string {
	const word = "custom"
	if id := b.ID.first(); id != "" {
		return []string{word, id}
	}
	return []string{word, "", b.From.first(), b.DetailType.first(), b.Time.first(), string(b.Detail)}
}
