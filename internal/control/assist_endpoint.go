package control

import (
	"context"
	"encoding/json"
	"fmt"

	"tidings/internal/store"
)

// opReplaysEndpoint is the tool that sends an endpoint events again.
const opReplaysEndpoint = "replay_endpoint"

// AssistedReplay is what became of an assistant's wish to send an endpoint events again.
type AssistedReplay struct {
	Endpoint store.Endpoint
	Replay   store.EndpointReplay
	Wait     *store.Approval // set where a person must approve it first
}

// AskedReplay is what an assistant asks to be sent again: see EndpointReplayWish. Times are texts.
type AskedReplay struct {
	Events    []string `json:"events,omitempty"`
	Since     string   `json:"since,omitempty"`
	Until     string   `json:"until,omitempty"`
	OnlyDead  bool     `json:"onlyDead,omitempty"`
	PerSecond *float64 `json:"perSecond,omitempty"`
}

func (a *AskedReplay) wish(p *problems) EndpointReplayWish {
	w := EndpointReplayWish{Events: a.Events, OnlyDead: a.OnlyDead, PerSecond: a.PerSecond}
	var wrong error
	w.Since, wrong = parseWhen("since", a.Since)
	p.addError(wrong)
	w.Until, wrong = parseWhen("until", a.Until)
	p.addError(wrong)
	return w
}

// AssistReplay sends an endpoint events again for an assistant, once a person approved this very wish. Times that are not said
// are taken when it is done.
func (c *Control) AssistReplay(
	ctx context.Context, who Actor, idOrName string, asked AskedReplay, by Consent,
) (out AssistedReplay, err error) {
	var p problems
	w := asked.wish(&p)
	if err := p.err(); err != nil {
		return out, err
	}
	p.replayWish(&w, c.Now().UTC())
	p.eventIDs("events", w.Events)
	if err := p.err(); err != nil {
		return out, err
	}
	if out.Endpoint, err = c.storedEndpoint(ctx, who, idOrName); err != nil {
		return out, err
	}
	asks, err := json.Marshal(asked)
	if err != nil {
		return out, fmt.Errorf("encode what is asked: %w", err)
	}
	want := store.Approval{Operation: opReplaysEndpoint, Subject: out.Endpoint.ID, Asks: string(asks)}
	if _, out.Wait, err = c.consented(ctx, who, want, by); err != nil || out.Wait != nil {
		return out, err
	}
	out.Replay, err = c.ReplayEndpoint(ctx, who, out.Endpoint.ID, w)
	return out, err
}
