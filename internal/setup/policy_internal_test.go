package setup

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestTheRetriesEndWithinTheHourThatSNSAllowsAndNotMuchBefore(t *testing.T) {
	t.Parallel()
	r := longest()
	if total := r.total(); total > 3600 || total < 3500 {
		t.Errorf("the retries take up to %d seconds", total)
	}
	if backoff := r.NumRetries - r.NumMinDelayRetries - r.NumMaxDelayRetries; backoff < 0 || r.NumRetries > 100 ||
		r.MinDelayTarget < 1 || r.MaxDelayTarget < r.MinDelayTarget {
		t.Errorf("SNS would refuse %+v", r)
	}
}

// statements are those that others may have put into a policy.
func statements() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		`{"Sid":"a","Effect":"Deny","Principal":"*"}`, `{"Effect":"Allow","Action":["x","y"]}`,
		`{"Sid":"` + sesStatement + `","Effect":"Deny"}`, `{"Sid":"b<>&","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`,
	})
}

func TestMergingAPolicyKeepsWhatOthersSayAndIsDoneOnce(t *testing.T) {
	t.Parallel()
	ours := sesMayPublish(Wish{Partition: "aws", Account: "111122223333", Region: "eu-west-1", Name: "x"})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(statements(), 0, 4, rapid.ID[string]).Draw(t, "statements")
		policy := `{"Version":"2008-10-17","Id":"theirs","Statement":[`
		for i, s := range list {
			if i > 0 {
				policy += ","
			}
			policy += s
		}
		out, same, err := merged(policy+"]}", ours)
		if err != nil || same {
			t.Fatalf("same %t, %v", same, err)
		}
		var d document
		if err := json.Unmarshal([]byte(out), &d); err != nil || d.ID != "theirs" || d.Version != "2008-10-17" {
			t.Fatalf("%v in %s", err, out)
		}
		for _, s := range list {
			kept := false
			for _, got := range d.Statement {
				kept = kept || equal([]byte(s), got)
			}
			if mine := sid(json.RawMessage(s)) == ours.Sid; kept == mine {
				t.Fatalf("%s: kept %t in %s", s, kept, out)
			}
		}
		again, same, err := merged(out, ours)
		if again != out || !same || err != nil {
			t.Fatalf("again: same %t, %v\n%s", same, err, again)
		}
	})
}

func FuzzAPolicyOfOthersIsKeptOrRefusedNeverLost(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", "null", `{"Statement":null}`, `{"Statement":{"Sid":"x"}}`, `{"Statement":[1,"a",null]}`, `{"Statement":"x"}`,
	} {
		f.Add(seed)
	}
	ours := topicMaySend(Wish{Partition: "aws", Account: "111122223333", Region: "eu-west-1", Name: "x"})
	f.Fuzz(func(t *testing.T, policy string) {
		out, same, err := merged(policy, ours)
		if err != nil || same {
			return
		}
		if _, same, err = merged(out, ours); err != nil || !same {
			t.Errorf("%q became %q, whose merge says %t, %v", policy, out, same, err)
		}
	})
}
