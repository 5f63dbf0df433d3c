package liquid_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"tidings/internal/liquid"
)

// differences are where we part from LiquidJS on purpose.
var differences = map[string]string{
	"{{ amount | divided_by: 0 }}":                            "",                                         // not Infinity
	"{{ when | date: '%a %-m/%-d %s %u %w %U %V %L %z %%' }}": "Mon 5/4 1777889520 1 1 18 19 000 +0000 %", // LiquidJS has no %V
}

// TestWhatMailshotsTemplatesUseIsRenderedAsByLiquidJS holds the language to the answers of LiquidJS itself, which are kept in
// testdata with its version.
func TestWhatMailshotsTemplatesUseIsRenderedAsByLiquidJS(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/liquidjs.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Data  map[string]any
		Cases []struct{ Template, Out string }
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		want, differs := differences[c.Template]
		if !differs {
			want = c.Out
		} else if want == c.Out {
			t.Errorf("%s does not differ", c.Template)
		}
		x, problems := liquid.Parse(c.Template)
		if len(problems) > 0 {
			t.Errorf("%s: %v", c.Template, problems)
			continue
		}
		got, err := x.Render(context.Background(), file.Data, liquid.Options{Now: time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)})
		if err != nil || got != want {
			t.Errorf("%s:\n  got  %q %v\n  want %q", c.Template, got, err, want)
		}
	}
}
