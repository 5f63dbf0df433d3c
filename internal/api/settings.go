package api

import (
	"context"
)

// Setting is one setting of the server as it runs.
type Setting struct {
	Name     string `json:"name" doc:"The flag of tidings serve, without its dashes" example:"retention-events"`
	Variable string `json:"variable" doc:"The environment variable that sets it, too" example:"TIDINGS_RETENTION_EVENTS"`
	Value    string `json:"value" doc:"Its value, without passwords; empty: none" example:"365d"`
	From     string `json:"from" enum:"default,environment,flag" doc:"Where the value comes from"`
	About    string `json:"about" doc:"What it does" example:"How long events are kept; 0 is for ever."`
}

// SettingList is all settings of the server.
type SettingList struct {
	Settings []Setting `json:"settings" nullable:"false" doc:"In the order of the server's help"`
}

type settingListOut struct{ Body SettingList }

func (a *api) listSettings(ctx context.Context, _ *nothingIn) (*settingListOut, error) {
	list := a.Control.ListSettings(ctx, who(ctx))
	out := &settingListOut{SettingList{Settings: make([]Setting, len(list))}}
	for i, s := range list {
		out.Body.Settings[i] = Setting(s)
	}
	return out, nil
}
