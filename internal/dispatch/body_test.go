package dispatch_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tidings/internal/dispatch"
)

var update = flag.Bool("update", false, "write the golden files anew")

func told(id, name string) dispatch.Told {
	return dispatch.Told{
		ID: id, Name: name, OccurredAt: time.Date(2026, 5, 4, 10, 0, 0, 1_000_000, time.UTC), Source: "src_1", Message: "0100-abc",
		Public: []byte(`{"id":"` + id + `","name":"` + name + `","recipient":"ann@acme.test","data":{"note":"<b> & \u2028"}}`),
		Raw:    []byte(`{"eventType":"Bounce"}`),
		Of: dispatch.OfMailGlyph{
			Contact: map[string]any{"email": "ann@acme.test", "subscribed": true, "data": map[string]any{}}, Event: map[string]any{"a": 1},
		},
	}
}

// Receivers read these bytes: testdata has them, one file for each form.
func TestTheBodiesOfAllForms(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]dispatch.Definition{
		"standard":          {},
		"standard-batch":    {Batch: &dispatch.Batch{Max: 10}},
		"cloudevents":       {Format: dispatch.CloudEvents},
		"cloudevents-batch": {Format: dispatch.CloudEvents, Batch: &dispatch.Batch{Max: 10}},
		"mailglyph":         {Format: dispatch.MailGlyph},
	} {
		d.Name, d.URL = name, "https://acme.test/"
		x, problems := dispatch.Compile(d, dispatch.Limits{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		list := []dispatch.Told{told("evt_1", "email.bounce")}
		if d.Batch != nil {
			list = append(list, told("evt_2", "order.paid"))
		}
		contentType, body, err := x.Body(list)
		if err != nil || !json.Valid(body) {
			t.Fatalf("%s: %v %s", name, err, body)
		}
		if _, again, _ := x.Body(list); !bytes.Equal(again, body) {
			t.Errorf("%s: other bytes the second time", name)
		}
		got := contentType + "\n" + string(body) + "\n"
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || string(want) != got {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}
