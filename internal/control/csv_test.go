package control_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/internal/control"
)

// What any writer of CSV makes is read as it was meant, in whatever pieces it comes.
func TestWhatIsWrittenAsCSVIsReadAsItWasMeant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringOfN(rapid.RuneFrom([]rune("ab\",; \n'=ä")), 0, 12, -1)
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 1, 4), 1, 8).Draw(t, "rows")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		var r io.Reader = &b
		if rapid.Bool().Draw(t, "piecemeal") {
			r = iotest.OneByteReader(r)
		}
		got, bad, err := control.ReadCSV(r, ',')
		if diff := cmp.Diff(rows, got); diff != "" || bad != 0 || err != nil {
			t.Fatalf("%d bad, %v (-want +got):\n%s", bad, err, diff)
		}
	})
}

func TestABadRecordCostsItsLineAlone(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70_000)
	for _, c := range []struct {
		name, list string
		want       [][]string
		bad        int
	}{
		{"a quote that never ends", "\"a\nb\nc", [][]string{{"b"}, {"c"}}, 1},
		{"quotes that end in the wrong place", "\"a\nb\n\"c\nd", [][]string{{"b"}, {"d"}}, 2},
		{"a long line", long + "\nb", [][]string{{"b"}}, 1},
		{"a long line within quotes", "\"a\n" + long + "\nb", [][]string{{"b"}}, 2},
		{"a long line at the end", "a\n" + long, [][]string{{"a"}}, 1},
		{"many lines within quotes", "\"a\n" + strings.Repeat("b\n", 200) + "c\"\n", nil, 1},
		{"text behind a quote", "\"a\"b,c\nd", [][]string{{"d"}}, 1},
	} {
		got, bad, err := control.ReadCSV(strings.NewReader(c.list), ',')
		if c.want == nil {
			got = nil
		}
		if diff := cmp.Diff(c.want, got); diff != "" || bad != c.bad || err != nil {
			t.Errorf("%s: %d bad, want %d, %v (-want +got):\n%s", c.name, bad, c.bad, err, diff)
		}
	}
}

// FuzzCSV proves that no list stops the reader, that lines are counted as an editor does, and that nothing of a record
// without quotes is lost.
func FuzzCSV(f *testing.F) {
	for _, list := range lists {
		f.Add([]byte(list[:min(len(list), 1000)]))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		got, bad, err := control.ReadCSV(bytes.NewReader(list), ',')
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(string(list), "\r\n", "\n"), "\r", "\n"), "\n")
		if lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		if len(got)+bad > len(lines) {
			t.Fatalf("%d records and %d bad ones of %d lines", len(got), bad, len(lines))
		}
		if bytes.IndexByte(list, '"') >= 0 {
			return
		}
		var back []string
		for _, row := range got {
			back = append(back, strings.Join(row, ","))
		}
		if len(list) < 60_000 && strings.Join(back, "\n") != strings.Join(lines, "\n") {
			t.Fatalf("%q came back as %q", lines, back)
		}
	})
}

// FuzzImport proves that the sum of a report holds for any list, and that what a dry run says is true.
func FuzzImport(f *testing.F) {
	for _, list := range lists {
		f.Add(list[:min(len(list), 1000)])
	}
	c := over(f, f.TempDir()+"/tidings.db")
	f.Fuzz(func(t *testing.T, list string) {
		var sums []control.Imported
		for _, dry := range []bool{true, false} {
			sum, err := c.ImportSuppressions(t.Context(), operator, strings.NewReader(list), control.ImportOptions{DryRun: dry}, nil)
			if sum.Lines != sum.Added+sum.Known+sum.Bad || err != nil && sum.Lines != sum.Bad {
				t.Fatalf("%+v, %v", sum, err)
			}
			sums = append(sums, sum)
		}
		if diff := cmp.Diff(sums[0], sums[1]); diff != "" {
			t.Fatalf("(-dry +wet):\n%s", diff)
		}
	})
}

// roundTrip imports into another store what one exports, and wants the same export of it.
func roundTrip(t testing.TB, from, to *control.Control) {
	t.Helper()
	for _, format := range []string{control.CSV, control.JSONL} {
		want := exportList(t, from, format)
		if format == control.CSV {
			sum, err := to.ImportSuppressions(t.Context(), operator, strings.NewReader(want), control.ImportOptions{}, nil)
			if err != nil || sum.Bad > 0 || sum.Known > 0 {
				t.Fatalf("%+v, %v of\n%s", sum, err, want)
			}
		}
		if diff := cmp.Diff(slices.Sorted(strings.Lines(want)), slices.Sorted(strings.Lines(exportList(t, to, format)))); diff != "" {
			t.Fatalf("%s (-exported +imported and exported):\n%s", format, diff)
		}
	}
}

func TestWhatIsExportedIsImportedWithoutLoss(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func() *control.Control) {
		const chars = "ab1.+-=@'\"_<>;, *ä＝|"
		text := rapid.StringOfN(rapid.RuneFrom([]rune(chars)), 0, 20, -1)
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) control.NewSuppression {
			n := control.NewSuppression{Note: text.Draw(t, "note")}
			local := rapid.SampledFrom([]string{"a", "+a", "=a", "'=a", "''-a", "o'neil", `"a, b"`, "ä", "@", ""}).Draw(t, "local")
			domain := rapid.SampledFrom([]string{"acme.test", "bücher.test", "x_y.test", "localhost"}).Draw(t, "domain")
			n.Address = local + "@" + domain
			if rapid.IntRange(0, 4).Draw(t, "pattern") == 0 {
				n.Address = "*@" + domain
				return n
			}
			n.Reason = rapid.SampledFrom(control.Reasons()).Draw(t, "reason")
			n.Until = rapid.SampledFrom([]string{"", "2027-01-01", "2030-05-04T10:12:00.123Z"}).Draw(t, "until")
			return n
		}), 10, 20)
		n := 0
		for seed := range 8 {
			c := fresh()
			for _, x := range list.Example(seed) {
				if _, err := c.Suppress(t.Context(), operator, x); err == nil {
					n++
				}
			}
			roundTrip(t, c, over(t, fmt.Sprintf("%s/%d.db", t.TempDir(), seed)))
		}
		if n < 20 {
			t.Errorf("only %d suppressions were good: the test proves little", n)
		}
	})
}

func TestOnlyAThousandBadLinesAreToldAndAllAreCounted(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	sum, err := c.ImportSuppressions(t.Context(), operator, strings.NewReader("address\n"+strings.Repeat("x\n", 1500)+"a@acme.test"),
		control.ImportOptions{}, nil)
	if err != nil || sum.Bad != 1500 || len(sum.BadLines) != 1000 || sum.BadLines[999].Line != 1001 || sum.Added != 1 {
		t.Errorf("%d bad, %d told, %d added, %v", sum.Bad, len(sum.BadLines), sum.Added, err)
	}
}

func TestAListWhoseReaderFailsIsTakenAsFarAsItCame(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	list := io.MultiReader(strings.NewReader("a@acme.test\nb@acme.test\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	sum, err := c.ImportSuppressions(t.Context(), operator, list, control.ImportOptions{}, nil)
	if err == nil || sum.Lines != sum.Added+sum.Known+sum.Bad {
		t.Errorf("%+v, %v", sum, err)
	}
	if got := strings.Count(exportList(t, c, control.CSV), "acme.test"); int64(got) != sum.Added {
		t.Errorf("%d were taken, the report says %d", got, sum.Added)
	}
	if _, err := c.ImportSuppressions(t.Context(), operator, strings.NewReader("a"), control.ImportOptions{Reason: "spam"}, nil); fields(err)[0] != "reason" {
		t.Errorf("a wrong reason: %v", err)
	}
}
