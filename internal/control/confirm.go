package control

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/store"
)

const confirmationPrefix = "cnf_"

// ConfirmationID is the public id of a confirmation.
func ConfirmationID(c source.Confirmation) string {
	return confirmationPrefix + strconv.FormatInt(c.ID, 36)
}

// Confirmations lists the subscriptions that asked a source to be confirmed, newest first.
func (c *Control) Confirmations(ctx context.Context, who Actor, sourceID string) ([]source.Confirmation, error) {
	s, err := c.Source(ctx, who, sourceID)
	if err != nil {
		return nil, err
	}
	list, err := c.Store.Confirmations(ctx, s.Ref)
	if err != nil {
		return nil, fmt.Errorf("list confirmations: %w", err)
	}
	return list, nil
}

// ConfirmSubscription tells the provider that a subscription is wanted, and notes how that ended. One that was
// confirmed before stays as it is. Where the provider could not be told, the error is Unavailable and says why.
func (c *Control) ConfirmSubscription(ctx context.Context, who Actor, sourceID, id string) (source.Confirmation, error) {
	found, err := c.confirmation(ctx, who, sourceID, id)
	if err != nil || !found.ConfirmedAt.IsZero() {
		return found, err
	}
	failure := c.Confirm(ctx, found)
	found.ConfirmedAt, found.Problem = c.Now().UTC(), ""
	if failure != nil {
		found.ConfirmedAt, found.Problem = time.Time{}, failure.Error()
	}
	// The provider was told: that must be noted even where the one who asked has gone.
	act := c.confirmed(who, sourceID, found)
	err = c.Store.ConfirmByHand(context.WithoutCancel(ctx), who.Project, found.ID, found.ConfirmedAt, found.Problem, act)
	if err != nil {
		return found, fmt.Errorf("note confirmation: %w", err)
	}
	if failure != nil {
		return found, fault.Wrap(fault.Unavailable, "not_confirmed", failure, "the provider did not confirm: "+found.Problem).
			WithHint("try again; a confirmation link ends after three days, then let the topic ask again")
	}
	return found, nil
}

// confirmed is the note of an attempt. What the provider answered stands with the confirmation: it may name the URL.
func (c *Control) confirmed(who Actor, sourceID string, x source.Confirmation) store.Act {
	act := c.act(who, opConfirmSubscription, sourceID, "")
	act.Changes = []store.Change{
		{Field: "confirmation", To: ConfirmationID(x)},
		{Field: "confirmedAt", To: stamp(x.ConfirmedAt)},
	}
	if x.ConfirmedAt.IsZero() {
		act.Changes[1] = store.Change{Field: "problem", To: "the provider did not confirm"}
	}
	return act
}

func (c *Control) confirmation(ctx context.Context, who Actor, sourceID, id string) (source.Confirmation, error) {
	list, err := c.Confirmations(ctx, who, sourceID)
	if err != nil {
		return source.Confirmation{}, err
	}
	for _, x := range list {
		if strings.EqualFold(ConfirmationID(x), id) {
			return x, nil
		}
	}
	return source.Confirmation{}, fault.Missing("there is no confirmation %.60q", id)
}
