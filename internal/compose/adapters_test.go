package compose_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/compose"
	"tidings/provider"
	"tidings/provider/ses"
)

func TestWhatSESGivesBackOfOurTagsIsReadAsItWasMeant(t *testing.T) {
	t.Parallel()
	tags := map[string][]string{}
	for _, x := range compose.MessageTags(full()) {
		tags[x.Name] = []string{x.Value}
	}
	record, err := json.Marshal(map[string]any{
		"eventType": "Send", "send": map[string]any{},
		"mail": map[string]any{
			"timestamp": "2026-05-04T10:12:00.120Z", "messageId": "0102019a-two", "destination": []string{"ann@acme.test"}, "tags": tags,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := ses.Adapter.Import(record, provider.Source{})
	if err != nil || len(r.Drafts) != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	m := r.Drafts[0].Message
	want := map[string]string{
		"tidings_send": "snd_1", "tidings_run": "run_1", "tidings_step": "2", "tidings_broadcast": "brd_1", "order": "17",
		"note": "two_lines", "a_name_that_is_far_too_long": "x",
	}
	if m.Template != "onboarding/welcome" || m.Workflow != "onboarding" || len(m.Tags) != 2 {
		t.Errorf("message %+v", m)
	}
	if d := cmp.Diff(want, m.Metadata); d != "" {
		t.Error(d)
	}
}
