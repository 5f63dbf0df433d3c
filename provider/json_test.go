package provider_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidings/provider"
)

func TestMembersAreReadOnceAndExactly(t *testing.T) {
	t.Parallel()
	cases := []struct{ text, code string }{
		{`{}`, ""},
		{`{"Type":"x","other":[1,2,{"a":-1.5e3}]}`, ""},
		{` {"Type" : "\u0041" } `, ""},
		{`{"n":` + strings.Repeat("9", 400) + `}`, ""},
		{`{"n":` + strings.Repeat("9", 401) + `}`, "huge_number"},
		{`{"n":1e400}`, ""},
		{`{"n":1e401}`, "huge_number"},
		{`{"n":1E-401}`, "huge_number"},
		{`{"n":1e+0000000401}`, "huge_number"},
		{`{"s":"1e999"}`, ""},
		{`{"s":"\"1e999"}`, ""},
		{`{"s":"\\","n":1e999}`, "huge_number"},
		{strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64), ""},
		{strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), "too_deep"},
		{`{"a":1,"a":1}`, "duplicate_key"},
		{`{"a":1,"\u0061":1}`, "duplicate_key"},
		{`{"x":{"a":1,"a":1}}`, "duplicate_key"},
		{`{"type":1}`, "case_variant_key"},
		{`{"Type":1,"TYPE":2}`, "case_variant_key"},
		{`[]`, "unexpected_shape"},
		{`"x"`, "unexpected_shape"},
		{``, "not_json"},
		{`{`, "not_json"},
		{`{"a":"`, "not_json"},
		{`{"a":1}x`, "not_json"},
		{`{"a":1}{}`, "not_json"},
		{"\xef\xbb\xbf{}", "not_json"},
		{"{\"a\":\"\xff\"}", "not_json"},
		{`{"a":"\ud800"}`, "not_json"},
		{`{"a":nul}`, "not_json"},
		{`{'a':1}`, "not_json"},
	}
	for _, c := range cases {
		_, err := provider.Members([]byte(c.text), "Type")
		got := ""
		if err != nil {
			got = provider.JSONCode(err)
		}
		if got != c.code {
			t.Errorf("%.60s: code %q (%v), want %q", c.text, got, err, c.code)
		}
	}
}

func TestMembersJoinedAreTheSameObject(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "object")
		text, err := json.MarshalIndent(object, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		before := bytes.Clone(text)
		list, err := provider.Members(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if len(list) != len(object) {
			t.Fatalf("%d members of %d", len(list), len(object))
		}
		for _, m := range list {
			if value, err := provider.Unquote(m.Value); err != nil || string(value) != object[m.Name] {
				t.Errorf("%q is %q (%v), want %q", m.Name, value, err, object[m.Name])
			}
		}
		var again map[string]string
		if err := json.Unmarshal(provider.JoinMembers(list), &again); err != nil || len(again) != len(object) {
			t.Errorf("joined: %s (%v)", provider.JoinMembers(list), err)
		}
		if !bytes.Equal(before, text) {
			t.Error("the text is changed")
		}
	})
}

func TestDecodingForgivesWhatCostsNothing(t *testing.T) {
	t.Parallel()
	var into struct {
		A string `json:"a"`
	}
	cases := []struct{ text, a, code string }{
		{`{"a":"x","new":1}`, "x", ""},
		{`{"A":"x"}`, "", ""},
		{`{"a":"\ud800"}`, "\ufffd", ""},
		{"{\"a\":\"\xff\"}", "\ufffd", ""},
		{`{"a":1}`, "", "unexpected_shape"},
		{`{"a":"x","a":"y"}`, "x", "duplicate_key"},
		{`{"a":"x","n":1e999}`, "", "huge_number"},
		{strings.Repeat("[", 100000), "", "too_deep"},
		{``, "", "not_json"},
	}
	for _, c := range cases {
		into.A = ""
		err := provider.DecodeJSON([]byte(c.text), &into)
		got := ""
		if err != nil {
			got = provider.JSONCode(err)
		}
		if got != c.code || into.A != c.a {
			t.Errorf("%.40s: %q with code %q (%v), want %q with %q", c.text, into.A, got, err, c.a, c.code)
		}
	}
}

func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{}`, `{"Type":"x"}`, `{"a":"\"\\","n":1e5}`, `[[[`, `{"a":"`, `{"a":1}x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := provider.Members(text, "Type")
		if err != nil {
			return
		}
		again, err := provider.Members(provider.JoinMembers(list), "Type")
		if err != nil || len(again) != len(list) {
			t.Fatalf("joined is not readable: %v", err)
		}
	})
}
