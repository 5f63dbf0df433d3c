package provider_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"tidings/provider"
)

// strs are values as text.
func strs(list []jsontext.Value) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

func TestElementsOfABatchAreSlicesOfItAndMayBeBad(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text string
		want []string
		code string
	}{
		{`[]`, nil, ""},
		{" [ 1 , {\"a\" : [2]},\r\n\"x\"]\r\n", []string{"1", `{"a" : [2]}`, `"x"`}, ""},
		{`[{"a":1,"a":2},1e999,"` + "\xff" + `"]`, []string{`{"a":1,"a":2}`, "1e999", "\"\xff\""}, ""},
		{`{}`, nil, "unexpected_shape"},
		{`null`, nil, "unexpected_shape"},
		{`[1`, nil, "not_json"},
		{`[1]x`, nil, "not_json"},
		{`[1][2]`, nil, "not_json"},
		{``, nil, "not_json"},
		{strings.Repeat("[", 100_000), nil, "not_json"},
	}
	for _, c := range cases {
		list, err := provider.Elements([]byte(c.text))
		code := ""
		if err != nil {
			code = provider.JSONCode(err)
		}
		if diff := cmp.Diff(c.want, strs(list)); diff != "" || code != c.code {
			t.Errorf("%.40q: code %q, want %q %s", c.text, code, c.code, diff)
		}
		for i, want := range c.want {
			if got, err := provider.ElementAt([]byte(c.text), i); err != nil || string(got) != want {
				t.Errorf("%.40q: element %d is %s, %v", c.text, i, got, err)
			}
		}
		if _, err := provider.ElementAt([]byte(c.text), len(c.want)); err == nil {
			t.Errorf("%.40q has one more", c.text)
		}
	}
}

func TestAMemberIsFoundOnceAndTakenOff(t *testing.T) {
	t.Parallel()
	text := []byte(`{"a":{"Content":1}, "Content" : "x\"Content\":", "b":1,"b":2}`)
	if v, err := provider.MemberOf(text, "Content"); err != nil || string(v) != `"x\"Content\":"` {
		t.Errorf("%s, %v", v, err)
	}
	if v, err := provider.MemberOf(text, "c"); err != nil || v != nil {
		t.Errorf("%s, %v", v, err)
	}
	if _, err := provider.MemberOf(text, "b"); !errors.Is(err, jsontext.ErrDuplicateName) {
		t.Errorf("a member that is there twice: %v", err)
	}
	before := bytes.Clone(text)
	if got := provider.Redact(text, "Content", "b"); string(got) != `{"a":{"Content":1}, "Content" : null, "b":null,"b":null}` {
		t.Errorf("redacted: %s", got)
	}
	if !bytes.Equal(before, text) {
		t.Error("the text is changed")
	}
	for _, same := range []string{`{"a":1}`, `{"Content":null}`, `[1]`, `{"Content":`} {
		if got := provider.Redact([]byte(same), "Content"); string(got) != same {
			t.Errorf("%s became %s", same, got)
		}
	}
}

func TestEachMemberIsCalledWithWhatDecodingWouldRead(t *testing.T) {
	t.Parallel()
	var got []string
	err := provider.EachMember([]byte(`{"a":1,"\u0062":"x","c":"`+"\xff"+`\ud800"}`), func(name string, v jsontext.Value) {
		got = append(got, name+"="+provider.TextOf(v))
	})
	if diff := cmp.Diff([]string{"a=1", "b=x", "c=\ufffd\ufffd"}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for text, code := range map[string]string{
		`{"a":1,"a":2}`: "duplicate_key", `{"a":1e999}`: "huge_number", `[]`: "unexpected_shape", `{"a":1}{}`: "not_json", `{`: "not_json", ``: "not_json",
		strings.Repeat(`{"a":`, 100): "too_deep",
	} {
		if err := provider.EachMember([]byte(text), func(string, jsontext.Value) {}); err == nil || provider.JSONCode(err) != code {
			t.Errorf("%.30s: %v, want %s", text, err, code)
		}
	}
}

func TestValuesOfAnyKindAreForgiven(t *testing.T) {
	t.Parallel()
	type values struct {
		A provider.Text
		B provider.Texts
		C provider.Labels
		D provider.Flag
	}
	cases := []struct {
		text string
		want values
	}{
		{`{}`, values{}},
		{`{"A":"x","B":["a","b"],"C":{"k":"v"},"D":true}`, values{"x", []string{"a", "b"}, provider.Labels{"k": "v"}, true}},
		{`{"A":9007199254740993,"B":"a","C":{"n":1,"o":{"p": [1]},"e":"","z":null,"t":true},"D":"1"}`, values{"9007199254740993", []string{"a"}, provider.Labels{"n": "1", "o": `{"p":[1]}`, "t": "true"}, true}},
		{`{"A":1.50,"B":[1,null,"",{},true],"C":[],"D":1}`, values{"1.50", []string{"1", "true"}, nil, true}},
		{`{"A":{},"B":{},"C":"x","D":"TRUE"}`, values{"", nil, nil, true}},
		{`{"A":null,"B":null,"C":null,"D":null}`, values{}},
		{`{"A":"\u00e9\n","B":[],"C":{},"D":0}`, values{"é\n", nil, nil, false}},
	}
	for _, c := range cases {
		var got values
		if err := provider.DecodeJSON([]byte(c.text), &got); err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
}

func TestTimesOfBothFormsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1777888800": "2026-05-04T10:00:00Z", "1777888800.5": "2026-05-04T10:00:00.5Z",
		"1777888800.1234567890123": "2026-05-04T10:00:00.123456789Z", "0": "1970-01-01T00:00:00Z",
		"2026-05-04T06:00:00.1234567-04:00": "2026-05-04T10:00:00.1234567Z",
		"":                                  "", "noon": "", "-1": "", "1e9": "", "17778888000000000": "", "1.x": "", "2026-05-04": "",
	} {
		got := ""
		if at := provider.ParseTime(text); !at.IsZero() {
			got = at.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestErrorsOfShapeAreToldInTheSameWordsEveryTime(t *testing.T) {
	t.Parallel()
	var into struct {
		A struct{ B int }
	}
	for text, want := range map[string]string{
		`{"A":{"B":"x"}}`: "its member /A/B is a JSON string",
		`[1]`:             "it is a JSON array",
		`{"A":1,"A":2}`:   "its member /A is a JSON number",
	} {
		err := provider.DecodeJSON([]byte(text), &into)
		if got := provider.JSONMessage(err); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestDataAndAddressesInKeys(t *testing.T) {
	t.Parallel()
	if got := provider.Object("a", "x\"", "b", "", "c", "\xff"); string(got) != `{"a":"x\"","c":"`+"\ufffd"+`"}` {
		t.Errorf("%s", got)
	}
	if got := provider.Object("a", ""); got != nil {
		t.Errorf("%s", got)
	}
	for from, want := range map[string]string{"Ann <Ann@ACME.test>": "ann@acme.test", "É@a.test": "É@a.test", "a@b>": "a@b>"} {
		if got := provider.KeyAddress(from); got != want {
			t.Errorf("%q: %q", from, got)
		}
	}
	if got := provider.BareID(" <m-1@send.test>\r\n"); got != "m-1@send.test" {
		t.Errorf("%q", got)
	}
}
