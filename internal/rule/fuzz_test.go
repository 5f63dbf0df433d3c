package rule_test

import (
	"os"
	"testing"

	"tidings/internal/rule"
)

func FuzzRead(f *testing.F) {
	for _, name := range []string{"good.yaml", "bad.yaml"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("rules: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := rule.Read(b)
		if (len(file.Rules) == 0) == (len(file.Problems) == 0) {
			t.Errorf("%d rules and %d problems", len(file.Rules), len(file.Problems))
		}
	})
}
