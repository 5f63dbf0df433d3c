package app

import (
	"tidings/internal/config"
	"tidings/internal/control"
)

func tracking(c config.Config) control.TrackRules {
	t := c.Tracking
	rates := func(r config.Rate) *control.Rates { return control.NewRates(r.Count, r.Each) }
	return control.TrackRules{
		Past: t.TrackPast.Std(), Ahead: t.TrackAhead.Std(), Retention: retention(c.Rules),
		Project: rates(t.TrackProjectRate), Key: rates(t.TrackKeyRate),
		Client: rates(t.TrackClientRate), Contact: rates(t.TrackContactRate),
	}
}

// joining is what strangers may do with forms.
func joining(c config.Config) control.JoinRules {
	return control.JoinRules{
		Client:  control.NewRates(c.FormClientRate.Count, c.FormClientRate.Each),
		Form:    control.NewRates(c.FormRate.Count, c.FormRate.Each),
		Confirm: c.ConfirmFor.Std(),
	}
}
