package source_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/source"
	"tidings/provider"
)

func TestASourceIsShownToItsAdapterAsItWasSet(t *testing.T) {
	t.Parallel()
	year := 365 * 24 * time.Hour
	full := source.Source{ID: "src_1", Project: "prj_1", Settings: source.Settings{
		Topics: []string{"arn"}, RequireVersion2: true, AllowRaw: true, ConfirmByHand: true,
		BasicAuth: []string{"a:b"}, Secrets: []string{"s"}, Account: "1", MaxAgeSeconds: 60,
		TemplateTag: "t", WorkflowTag: "w", SignedURLs: []string{"u"},
	}}
	for _, c := range []struct {
		name      string
		src       source.Source
		token     bool
		retention time.Duration
		want      provider.Source
	}{
		{"everything set", full, true, year, provider.Source{
			ID: "src_1", Project: "prj_1", Secrets: []string{"s"}, BasicAuth: []string{"a:b"}, Topics: []string{"arn"},
			RequireVersion2: true, AllowRaw: true, Account: "1", MaxAge: time.Minute,
			TemplateTag: "t", WorkflowTag: "w", TokenProved: true, URLs: []string{"u"},
		}},
		{"nothing set: as old as events are kept", source.Source{}, false, year, provider.Source{AutoConfirm: true, MaxAge: year}},
		{
			"more than events are kept",
			source.Source{Settings: source.Settings{ConfirmByHand: true, MaxAgeSeconds: 2 * 365 * 24 * 3600}},
			false, year,
			provider.Source{MaxAge: year},
		},
		{"events kept for ever: of any age", source.Source{}, false, 0, provider.Source{AutoConfirm: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(c.want, c.src.ForProvider(c.token, c.retention)); d != "" {
				t.Error(d)
			}
		})
	}
}
