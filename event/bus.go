package event

import (
	"slices"
	"strings"
)

// DefaultBus is the bus of an event that names none.
const DefaultBus = "default"

// BusName is the name of a bus that was named, or named by its ARN: orders of
// arn:aws:events:eu-west-1:111122223333:event-bus/orders. Of what is neither it is all.
func BusName(nameOrARN string) string {
	_, name, found := strings.Cut(nameOrARN, ":event-bus/")
	if !found || !strings.HasPrefix(nameOrARN, "arn:") || name == "" {
		return nameOrARN
	}
	return name
}

func (b *Bus) texts() texts {
	return texts{
		{&b.Name, maxText},
		{&b.App, maxText},
		{&b.ARN, maxText},
		{&b.Account, maxText},
		{&b.Region, maxText},
		{&b.Trace, maxText},
	}
}

// cleanBus makes what a bus says fit to be stored. Resources keep their order; at most maxLabels stay.
func cleanBus(b *Bus) *Bus {
	if b == nil {
		return nil
	}
	dirty := func(s string) bool { return s == "" || !textIsClean(s, maxText) }
	if len(b.Resources) <= maxLabels && (b.Resources == nil || len(b.Resources) > 0) && !slices.ContainsFunc(b.Resources, dirty) {
		return b
	}
	c := *b
	c.Resources = nil
	for _, r := range b.Resources[:min(len(b.Resources), maxLabels)] {
		if r = CleanText(r, maxText); r != "" {
			c.Resources = append(c.Resources, r)
		}
	}
	return &c
}
