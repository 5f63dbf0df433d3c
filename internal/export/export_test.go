package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"tidings/event"
	"tidings/internal/export"
)

var update = flag.Bool("update", false, "write the goldens anew")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// examples are the events of the goldens of the public JSON, with ids of a server and one that is hostile.
func examples(t testing.TB) (list []event.Event) {
	t.Helper()
	files, err := filepath.Glob("../../event/testdata/*.json")
	must(t, err)
	for i, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		var e event.Event
		must(t, json.Unmarshal(b, &e))
		var data bytes.Buffer
		must(t, json.Compact(&data, e.Data))
		e.Data = data.Bytes()
		if e.Recipient != "" {
			e.ContactID = "con_" + string(rune('a'+i))
		}
		if e.Message != nil {
			e.EmailID = "msg_" + string(rune('a'+i))
		}
		list = append(list, e)
	}
	hostile := list[0]
	hostile.Name, hostile.Recipient, hostile.Data = "sheet.attacked", "=cmd|' /C calc'!A0@acme.test", nil
	hostile.Message = &event.Message{
		ID: "+1", Subject: "@SUM(1)\r\n\"x\",y", From: "＝1@send.test", Template: "-2", Workflow: "\t3", Tags: []string{"=4", "'=5"},
		Metadata: map[string]string{"b": "=6", "a": "\x00\u2028"},
	}
	return append(list, hostile)
}

// golden compares with a file beside the examples.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", name, diff)
	}
}

func TestTheLinesOfEveryFormatAreTheirGoldens(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]export.Options{
		"events.jsonl": {},
		"events.csv":   {Format: export.CSV},
		"raw.csv":      {Format: export.CSV, Raw: true},
		"engage.csv":   {Format: export.CSV, Columns: export.EngageColumns},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := o.Text()
			b := text.Head(nil)
			for _, e := range examples(t) {
				var err error
				b, err = text.Append(b, &e)
				must(t, err)
			}
			golden(t, name, b)
		})
	}
}

func TestParquetHasTypedColumnsAndTheSameCells(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := export.NewParquet(&file)
	must(t, w.Write(examples(t)[:5]))
	must(t, w.Flush())
	must(t, w.Write(examples(t)[5:]))
	must(t, w.Close())
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	must(t, err)
	if n := len(f.RowGroups()); n != 2 {
		t.Errorf("%d groups of rows", n)
	}
	golden(t, "schema.txt", []byte(f.Schema().String()+"\n"))
	var text bytes.Buffer
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buf := make([]parquet.Row, 3)
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				for _, v := range row {
					if !v.IsNull() {
						fmt.Fprintf(&text, "%s=%q ", strings.Join(f.Schema().Columns()[v.Column()], "."), v.String())
					}
				}
				text.WriteByte('\n')
			}
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
		}
		must(t, rows.Close())
	}
	golden(t, "parquet.txt", text.Bytes())
}

func TestTheColumnsOfParquetAreThoseOfCSV(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := export.NewParquet(&file)
	must(t, w.Close())
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	must(t, err)
	var typed []string
	for _, c := range f.Schema().Fields() {
		typed = append(typed, c.Name())
	}
	header, err := csv.NewReader(bytes.NewReader(export.Options{Format: export.CSV}.Text().Head(nil))).Read()
	must(t, err)
	if diff := cmp.Diff(header, typed); diff != "" {
		t.Errorf("(-csv +parquet)\n%s", diff)
	}
}

func TestCellsThatLookLikeFormulasAreGuarded(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"":             `""`,
		"plain":        `"plain"`,
		"=1+1":         `"'=1+1"`,
		"+49 30":       `"'+49 30"`,
		"-1":           `"'-1"`,
		"@SUM(A1)":     `"'@SUM(A1)"`,
		"\t=1":         "\"'\t=1\"",
		"\r=1":         "\"'\r=1\"",
		"＝1":           `"'＝1"`,
		"＋1":           `"'＋1"`,
		"－1":           `"'－1"`,
		"＠1":           `"'＠1"`,
		"'=1":          `"''=1"`,
		"''=1":         `"'''=1"`,
		"'plain":       `"'plain"`,
		`say "a", "b"`: `"say ""a"", ""b"""`,
		"a=b":          `"a=b"`,
		" =1":          `" =1"`,
		"a\r\nb":       "\"a\r\nb\"",
	} {
		got := export.AppendCell(nil, cell)
		if string(got) != want {
			t.Errorf("%q is written %s, want %s", cell, got, want)
		}
		if back := export.Unguarded(cellOf(t, got)); string(back) != strings.ReplaceAll(cell, "\r\n", "\n") {
			t.Errorf("%q comes back as %q", cell, back)
		}
	}
}

// cellOf reads the only cell of a line, as programs read CSV.
func cellOf(t testing.TB, line []byte) []byte {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(append(line, '\n')))
	cells, err := r.Read()
	must(t, err)
	if len(cells) != 1 {
		t.Fatalf("%q has %d cells", line, len(cells))
	}
	return []byte(cells[0])
}

func FuzzACellComesBackAsItWas(f *testing.F) {
	for _, s := range []string{"", "=1", "'=1", "\"", "a,b", "x\ny", "\r", "＝", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line := export.AppendCell(nil, s)
		// Readers of CSV make one line's end of two, which is theirs.
		want := strings.ReplaceAll(s, "\r\n", "\n")
		cell := cellOf(t, line)
		if got := string(export.Unguarded(cell)); got != want {
			t.Errorf("%q comes back as %q", want, got)
		}
		if len(cell) > 0 && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
			t.Errorf("%q is a formula", cell)
		}
	})
}

func TestOptionsThatDontGoTogetherAreTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		export.Options
		at string
	}{
		{export.Options{Format: "xlsx"}, "format"},
		{export.Options{Columns: "engage"}, "columns"},
		{export.Options{Format: "csv", Columns: "other"}, "columns"},
		{export.Options{Raw: true}, "raw"},
		{export.Options{Format: "parquet", Gzip: true}, "gzip"},
	} {
		if p := c.Check(); len(p) != 1 || p[0].At != c.at {
			t.Errorf("%+v: %v", c.Options, p)
		}
	}
	for _, o := range []export.Options{{}, {Gzip: true}, {Format: "csv", Raw: true, Columns: "engage", Gzip: true}, {Format: "parquet"}} {
		if p := o.Check(); len(p) != 0 {
			t.Errorf("%+v: %v", o, p)
		}
	}
}

func TestNamesAreSafe(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"../../etc/passwd": "-..-etc-passwd", ".hidden": "hidden", "a b\r\nc\"": "a-b--c-", "Mail_2026.csv": "Mail_2026.csv", "ü": "-",
	} {
		if got := export.SafeName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
