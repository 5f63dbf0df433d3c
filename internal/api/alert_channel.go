package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// AlertChannel is where alerts are told.
type AlertChannel struct {
	ID        string    `json:"id" example:"alc_4f"`
	Name      string    `json:"name" doc:"Unique in the project" example:"on call"`
	Kind      string    `json:"kind" enum:"email,slack" doc:"email: addresses; slack: an incoming webhook of Slack, or of a program that understands the same"`
	To        []string  `json:"to" nullable:"false" doc:"Addresses, of email" example:"[\"ops@acme.test\"]"`
	Sender    string    `json:"sender,omitempty" doc:"Of email: by which sender, its id or name; absent: the project's default one" example:"main"`
	Host      string    `json:"host,omitempty" doc:"Of the webhook, whose URL is not shown" example:"hooks.slack.com"`
	Level     string    `json:"level" enum:"warn,severe" doc:"The least that is told: warn is all"`
	Enabled   bool      `json:"enabled" doc:"Whether it is told"`
	ToldAt    time.Time `json:"toldAt,omitzero" doc:"The last time that it worked; absent: never"`
	FailedAt  time.Time `json:"failedAt,omitzero" doc:"The last time that it did not; absent: never"`
	Problem   string    `json:"problem,omitempty" doc:"Why; absent: it worked since" example:"hooks.slack.com answered: 404 Not Found no_service"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// AlertChannelOf makes the public form of a channel.
func AlertChannelOf(x *store.AlertChannel) AlertChannel {
	out := AlertChannel{
		ID: x.ID, Name: x.Name, Kind: x.Kind, To: append([]string{}, x.To...), Sender: x.Sender, Host: x.Host, Level: "warn",
		Enabled: x.DisabledAt.IsZero(), ToldAt: x.ToldAt, FailedAt: x.FailedAt, Problem: x.Problem, CreatedAt: x.CreatedAt,
		UpdatedAt: x.UpdatedAt,
	}
	if x.Level != "" {
		out.Level = string(x.Level)
	}
	return out
}

// AlertChannelList is a project's channels.
type AlertChannelList struct {
	Channels []AlertChannel `json:"channels" nullable:"false" doc:"By name"`
}

type alertChannelListOut struct{ Body AlertChannelList }

func (a *api) listAlertChannels(ctx context.Context, _ *struct{}) (*alertChannelListOut, error) {
	list, err := a.Control.AlertChannels(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := AlertChannelList{Channels: make([]AlertChannel, len(list))}
	for i := range list {
		out.Channels[i] = AlertChannelOf(&list[i])
	}
	return &alertChannelListOut{out}, nil
}

type alertChannelOut struct{ Body AlertChannel }

// AlertChannelPath names a channel in a path.
type AlertChannelPath struct {
	ID string `path:"id" doc:"The channel's id or name" example:"alc_4f"`
}

func (a *api) getAlertChannel(ctx context.Context, in *AlertChannelPath) (*alertChannelOut, error) {
	x, err := a.Control.AlertChannel(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &alertChannelOut{AlertChannelOf(&x)}, nil
}

// AlertChannelWish is what a channel may be made or changed to.
type AlertChannelWish struct {
	To      *[]string `json:"to,omitempty" doc:"Of email: 1 to 20 addresses" example:"[\"ops@acme.test\"]"`
	Sender  *string   `json:"sender,omitempty" maxLength:"100" doc:"Of email: by which sender, its id or name; empty: the project's default one" example:"main"`
	URL     *string   `json:"url,omitempty" maxLength:"2000" doc:"Of slack: the incoming webhook, never shown again" example:"https://hooks.slack.com/services/T0/B0/secret"`
	Level   *string   `json:"level,omitempty" doc:"The least that is told: warn or severe; empty: warn" example:"severe"`
	Enabled *bool     `json:"enabled,omitempty" doc:"Whether it is told; absent: it is" example:"true"`
}

func (w *AlertChannelWish) edit(name *string) control.ChannelEdit {
	e := control.ChannelEdit{Name: name, To: w.To, Sender: w.Sender, URL: w.URL, Level: w.Level}
	if w.Enabled != nil {
		e.Disabled = new(!*w.Enabled)
	}
	return e
}

type createAlertChannelIn struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100" doc:"Unique in the project" example:"on call"`
		Kind string `json:"kind" doc:"email or slack" example:"email"`
		AlertChannelWish
	}
}

func (a *api) createAlertChannel(ctx context.Context, in *createAlertChannelIn) (*alertChannelOut, error) {
	x, err := a.Control.CreateAlertChannel(ctx, who(ctx), in.Body.Kind, in.Body.edit(&in.Body.Name))
	if err != nil {
		return nil, err
	}
	return &alertChannelOut{AlertChannelOf(&x)}, nil
}

type updateAlertChannelIn struct {
	AlertChannelPath
	Body struct {
		Name *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"Unique in the project" example:"on call"`
		AlertChannelWish
	}
}

func (a *api) updateAlertChannel(ctx context.Context, in *updateAlertChannelIn) (*alertChannelOut, error) {
	x, err := a.Control.UpdateAlertChannel(ctx, who(ctx), in.ID, in.Body.edit(in.Body.Name))
	if err != nil {
		return nil, err
	}
	return &alertChannelOut{AlertChannelOf(&x)}, nil
}

func (a *api) deleteAlertChannel(ctx context.Context, in *AlertChannelPath) (*struct{}, error) {
	return nil, a.Control.DeleteAlertChannel(ctx, who(ctx), in.ID)
}

// AlertChannelTest is what came of trying a channel.
type AlertChannelTest struct {
	OK     bool   `json:"ok" doc:"It was told"`
	Detail string `json:"detail" doc:"What went wrong, or that it worked" example:"it was taken"`
	TookMs int64  `json:"tookMs" doc:"How long it took" example:"120"`
}

type alertChannelTestOut struct{ Body AlertChannelTest }

func (a *api) testAlertChannel(ctx context.Context, in *AlertChannelPath) (*alertChannelTestOut, error) {
	t, err := a.Control.TestAlertChannel(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &alertChannelTestOut{AlertChannelTest{OK: t.OK, Detail: t.Detail, TookMs: t.Took.Milliseconds()}}, nil
}
