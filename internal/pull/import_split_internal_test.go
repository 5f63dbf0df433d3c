package pull

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// told writes pieces as lines.
func told(t testing.TB, next func() (piece, error)) string {
	t.Helper()
	var b strings.Builder
	for {
		p, err := next()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%d %d %s %q %s\n", p.line, p.offset, orGood(p.code), p.bytes[:min(len(p.bytes), 60)], p.detail)
	}
}

func orGood(code string) string {
	if code == "" {
		return "record"
	}
	return code
}

// files are the forms that a file may have, and the ways in which it may be broken.
var files = []struct{ name, text string }{
	{"nothing", ""},
	{"white space alone", " \r\n\t\n"},
	{"one on a line", "{\"a\":1}\n{\"b\":2}\n"},
	{"lines of Windows after a byte order mark", "\xef\xbb\xbf{\"a\":1}\r\n{\"b\":2}\r\n"},
	{"one after another", `{"a":1}{"b":{"c":[1,{"d":2}]}} {"e":"}{\"]["}`},
	{"an array", "[\n {\"a\":1},\n {\"b\":2}\n]\n"},
	{"arrays in arrays", `[[{"a":1}],[{"b":2},{"c":3}]]`},
	{"a page of the API", `{"events":[{"id":1},{"id":2}],"hasMore":true,"nextCursor":"x{"}` + "\n" + `{"events":[]}`},
	{"a page, printed for people", "{\n  \"events\" : [\n {\"id\":1}\n ],\n \"hasMore\":false\n}\n{\"a\":1}"},
	{"an array in a page", `{"events":[[{"id":1}],{"id":2}],"x":1}`},
	{"printed for people", "{\n  \"a\": [\n    1,\n    {\"b\": 2}\n  ]\n}\n{\n}\n"},
	{"sequences of RFC 7464", "\x1e{\"a\":1}\n\x1e{\"b\":2}\n"},
	{"a line that is no JSON", "{\"a\":1}\nrubbish {\"x\":1}\n{\"b\":2}\n"},
	{"a line that was cut in a string", "{\"a\":\"unfin\n{\"b\":2}\n"},
	{"a line that was cut in an object", "{\"a\":{\"b\":1}\n{\"c\":2}\n"},
	{"a line that was cut after a comma", "{\"a\":1,\n{\"c\":2}\n"},
	{"a line that was cut in an array", "{\"a\":[1\n{\"c\":2}\n"},
	{"brackets that do not match", "{\"a\":[1}\n{\"c\":2}\n"},
	{"too many brackets", "{\"a\":1}}\n{\"b\":1}]\n{\"c\":1}"},
	{"numbers and texts alone", "1\n\"a\"\nnull\n{\"c\":2}"},
	{"commas without an array", "{\"a\":1},\n{\"b\":2},\n"},
	{"nested too deep", strings.Repeat(`{"a":`, 65) + "\n{\"b\":2}\n"},
	{"cut in the middle of a record", "{\"a\":1}\n{\"b\":\"wor"},
	{"cut in the middle of an array", "[{\"a\":1},"},
	{"cut in the middle of a page", `{"events":[{"id":1}`},
	{"cut in the end of a page", `{"events":[{"id":1}],"hasM`},
	{"binary", "\x00\x01\x02\n{\"a\":1}\n\xff\xfe"},
}

func TestEveryFormOfAFileIsSplitAsItsGoldenSays(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, f := range files {
		whole := told(t, newSplitter(strings.NewReader(f.text)).next)
		fmt.Fprintf(&b, "# %s\n%s\n", f.name, whole)
		if bytewise := told(t, newSplitter(iotest.OneByteReader(strings.NewReader(f.text))).next); bytewise != whole {
			t.Errorf("%s: read a byte at a time it is\n%s", f.name, cmp.Diff(whole, bytewise))
		}
	}
	golden(t, "split.golden", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

func TestALineOfEngageIsARecordAndABadOneIsTold(t *testing.T) {
	t.Parallel()
	text := "\xef\xbb\xbfDate,Customer,Event,Subject,Additional data\r\n" +
		"2026-05-04 10:00:00,ann@acme.test,Opened,\"Hi, \"\"Ann\"\"\",\r\n" +
		"\n2026-05-04 10:00:01,ann@acme.test,Clicked,\"two\nlines\",https://acme.test/\n" +
		"2026-05-04 10:00:02,ann@acme.test\n" +
		"2026-05-04 10:00:03,a\"b,Opened,,\n" +
		"2026-05-04 10:00:04,bob@acme.test,Delivered,,250 ok\n" +
		"2026-05-04 10:00:05,bob@acme.test,\"Opened,,\n"
	golden(t, "engage.golden", told(t, newEngageReader(strings.NewReader(text)).next))
}

func TestARecordThatIsTooLongCostsItselfAlone(t *testing.T) {
	t.Parallel()
	long := `{"a":"` + strings.Repeat("x", maxRecord+firstBuffer) + `"}`
	list := strings.Split(strings.TrimSpace(told(t, newSplitter(strings.NewReader("{\"b\":1}\n"+long+"\n{\"c\":1}\n")).next)), "\n")
	if len(list) != 3 || !strings.HasPrefix(list[1], "2 8 "+CodeTooLong) || !strings.HasSuffix(list[2], `record "{\"c\":1}"`) {
		t.Errorf("%.300q", list)
	}
	quote := "Date,Customer,Event\n\"" + strings.Repeat("x,", maxRecord)
	if got := told(t, newEngageReader(strings.NewReader(quote)).next); !strings.Contains(got, CodeTooLong) {
		t.Errorf("an open quote: %.200s", got)
	}
}

func zipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCompressionIsTakenOffAndItsEndIsTold(t *testing.T) {
	t.Parallel()
	text := []byte("{\"a\":1}\n{\"b\":2}\n")
	read := func(file []byte) string {
		plain, _, err := plainOf(bytes.NewReader(file))
		if err != nil {
			return codeOf(err)
		}
		return told(t, newSplitter(plain).next)
	}
	want := read(text)
	whole := zipped(t, text)
	if got := read(whole); got != want {
		t.Errorf("compressed: %s", got)
	}
	if got := read(append(bytes.Clone(whole), zipped(t, []byte("{\"c\":3}"))...)); got != want+"3 16 record \"{\\\"c\\\":3}\" \n" {
		t.Errorf("two files in one: %s", got)
	}
	if got := read(whole[:len(whole)-4]); !strings.Contains(got, CodeCut) || !strings.HasPrefix(got, want) {
		t.Errorf("cut: %s", got)
	}
	if got := read(whole[:5]); got != CodeCut {
		t.Errorf("cut in the header: %s", got)
	}
	broken := bytes.Clone(whole)
	broken[len(broken)-6] ^= 1
	if got := read(broken); !strings.Contains(got, CodeNotRead) {
		t.Errorf("a flipped bit: %s", got)
	}
}

func TestACompressedBombIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	bomb := zipped(t, make([]byte, 3*freeGrowth))
	plain, _, err := plainOf(bytes.NewReader(bomb))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, plain)
	if !errors.Is(err, errBomb) || n > freeGrowth+1<<20 {
		t.Errorf("read %d bytes: %v", n, err)
	}
}

// TestWhatIsWrittenIsReadBack: however records are joined, each comes out as it went in.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.String()))).Draw(t, "values")
		between := rapid.SampledFrom([]string{"", "\n", "\r\n", " \n\n"}).Draw(t, "between")
		indent := rapid.Bool().Draw(t, "indent")
		var text bytes.Buffer
		var want []string
		for _, v := range values {
			b, err := json.Marshal(v)
			if indent {
				b, err = json.MarshalIndent(v, "", "  ")
			}
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, string(b))
			text.Write(b)
			text.WriteString(between)
		}
		var got []string
		s := newSplitter(&text)
		for {
			p, err := s.next()
			if err != nil {
				break
			}
			got = append(got, string(p.bytes))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

// FuzzSplit: whatever the bytes, the splitter ends, its offsets and lines are true and grow, and a record that it gives
// is found at its offset.
func FuzzSplit(f *testing.F) {
	for _, x := range files {
		f.Add([]byte(x.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newSplitter(bytes.NewReader(text))
		last := int64(-1)
		for range len(text) + 2 {
			p, err := s.next()
			if err != nil {
				return
			}
			if p.offset < last || p.offset > int64(len(text)) {
				t.Fatalf("offset %d after %d of %d", p.offset, last, len(text))
			}
			last = p.offset
			if line := int64(bytes.Count(text[:p.offset], newline)) + 1; p.line != line {
				t.Fatalf("line %d at offset %d, want %d", p.line, p.offset, line)
			}
			if p.code == "" && !bytes.HasPrefix(text[p.offset:], p.bytes) {
				t.Fatalf("a record that is not at its offset %d: %q", p.offset, p.bytes)
			}
		}
		t.Fatal("it does not end")
	})
}
