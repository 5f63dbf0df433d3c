package stats_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/stats"
)

func openBy(agent, ip string) *event.Event {
	return &event.Event{Name: event.EmailOpen, Client: &event.Client{UserAgent: agent, IP: ip}}
}

func TestAnOperatorsFilesReplaceTheOnesThatComeWithTheProgram(t *testing.T) {
	t.Parallel()
	agents := "\ufeff# mine\r\n\r\nmachine  contains  our_scanner\tScan Master\r\nproxy exact our_proxy Fetch/1 (#2)\n"
	networks := "proxy 192.0.2.0/24 office\nmachine 192.0.2.128/25 lab\nmachine 2001:db8::/32 lab6\nmachine 0.0.0.0/0 any"
	rules, err := stats.ParseRules(strings.NewReader(agents), strings.NewReader(networks))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, agent, ip string
		want            *event.Automation
	}{
		{"a rule of theirs", "Big Scan Master 3", "", judge(event.Machine, "our_scanner")},
		{"case matters", "big scan master 3", "", judge(event.Human)},
		{"an exact rule", "Fetch/1 (#2)", "", judge(event.Proxy, "our_proxy")},
		{"more than an exact rule", "Fetch/1 (#2) x", "", judge(event.Human)},
		{"a rule that is gone", "curl/8.5.0", "", judge(event.Human)},
		{"a network", chrome, "192.0.2.5", judge(event.Proxy, "office")},
		{"the longest prefix decides", chrome, "192.0.2.200", judge(event.Machine, "lab")},
		{"a machine's user agent in a proxy's network", "Scan Master", "192.0.2.5", judge(event.Machine, "office", "our_scanner")},
		{"an IPv6 network", chrome, "2001:db8::7%eth0", judge(event.Machine, "lab6")},
		{"the IPv4 default is not for IPv6", chrome, "2001:db9::7", judge(event.Human)},
		{"the IPv4 default", chrome, "198.51.100.1", judge(event.Machine, "any")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, rules.Judge(openBy(c.agent, c.ip))); diff != "" {
				t.Errorf("automation (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEmptyFilesAreNoRulesAndNilStandsForTheDefault(t *testing.T) {
	t.Parallel()
	none, err := stats.ParseRules(strings.NewReader(""), strings.NewReader("# nothing\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(judge(event.Human), none.Judge(openBy("curl/8.5.0", "17.0.0.1"))); diff != "" {
		t.Error(diff)
	}
	mixed, err := stats.ParseRules(nil, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(judge(event.Machine, "http_library"), mixed.Judge(openBy("curl/8.5.0", "17.0.0.1"))); diff != "" {
		t.Error(diff)
	}
}

func TestAnErrorNamesTheFileTheLineAndWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, agents, networks, want string }{
		{"verdict", "\n#\nrobot exact a b", "", `agents line 3: verdict "robot": want machine or proxy`},
		{"match", "machine like a b", "", `agents line 1: match "like": want exact or contains`},
		{"label", "machine exact A-b c", "", `agents line 1: label "A-b": want 1 to 64 of a-z, 0-9 and _`},
		{"no label", "machine exact", "", `agents line 1: label "": want 1 to 64 of a-z, 0-9 and _`},
		{"no text", "machine contains a", "", `agents line 1: text of 0 bytes: want 1 to 512`},
		{"a long text", "machine contains a " + strings.Repeat("x", 513), "", `agents line 1: text of 513 bytes: want 1 to 512`},
		{"twice", "machine exact a x\nproxy exact b x", "", `agents line 2: text "x": a second time`},
		{"bad UTF-8", "machine exact a \xff", "", `agents line 1: not text: want UTF-8 without control characters`},
		{"NUL", "machine exact a b\x00c", "", `agents line 1: not text: want UTF-8 without control characters`},
		{"a long line", "\nmachine exact a " + strings.Repeat("x", 70_000), "", `agents line 2: longer than 65536 bytes`},
		{"network verdict", "", "human 192.0.2.0/24 a", `networks line 1: verdict "human": want machine or proxy`},
		{"no network", "", "machine", `networks line 1: network "": want a CIDR such as 192.0.2.0/24`},
		{"an address", "", "machine 192.0.2.1 a", `networks line 1: network "192.0.2.1": want a CIDR such as 192.0.2.0/24`},
		{"stray bits", "", "machine 192.0.2.1/24 a", `networks line 1: network "192.0.2.1/24": has bits beyond its length, want 192.0.2.0/24`},
		{"IPv4 in IPv6", "", "machine ::ffff:192.0.2.0/120 a", `networks line 1: network "::ffff:192.0.2.0/120": write it as IPv4`},
		{"network label", "", "machine 192.0.2.0/24 two words", `networks line 1: label "two words": want 1 to 64 of a-z, 0-9 and _`},
		{"network twice", "", "machine 192.0.2.0/24 a\n\nproxy 192.0.2.0/24 b", `networks line 3: network "192.0.2.0/24": a second time`},
		{"both files", "x", "y", "agents line 1: verdict \"x\": want machine or proxy\nnetworks line 1: verdict \"y\": want machine or proxy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rules, err := stats.ParseRules(strings.NewReader(c.agents), strings.NewReader(c.networks))
			if err == nil || rules != nil {
				t.Fatalf("the files were taken, want the error %q", c.want)
			}
			if err.Error() != c.want {
				t.Errorf("error\n%q, want\n%q", err, c.want)
			}
		})
	}
}

func TestReadingStopsAfterTenProblems(t *testing.T) {
	t.Parallel()
	_, err := stats.ParseRules(strings.NewReader(strings.Repeat("what\n", 1000)), nil)
	if err == nil || strings.Count(err.Error(), "\n") != 9 {
		t.Errorf("want ten problems, got: %v", err)
	}
}

func TestMoreRulesThanAnyoneNeedsAreRefused(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 5001 {
		fmt.Fprintf(&b, "machine contains many scanner %d\n", i)
	}
	_, err := stats.ParseRules(strings.NewReader(b.String()), nil)
	if want := "agents line 5001: more than 5000 rules"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestAFileThatCannotBeReadIsSaidSo(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	from := io.MultiReader(strings.NewReader("proxy 192.0.2.0/24 a\n"), iotest.ErrReader(broken))
	if _, err := stats.ParseRules(nil, from); !errors.Is(err, broken) || !strings.Contains(err.Error(), "networks after line 1") {
		t.Errorf("error: %v", err)
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add("machine exact a b\n", "proxy 192.0.2.0/24 office\n", chrome, "192.0.2.1")
	f.Add("\ufeff# x\r\nproxy contains a_1 (", "machine ::/0 all\n", "(", "::1")
	f.Add("machine", "machine 1/1", "\xff", "1.2.3.4.5")
	f.Fuzz(func(t *testing.T, agents, networks, agent, ip string) {
		rules, err := stats.ParseRules(strings.NewReader(agents), strings.NewReader(networks))
		if (rules == nil) != (err != nil) {
			t.Fatalf("rules %v and error %v", rules, err)
		}
		if err != nil {
			if m := err.Error(); !strings.HasPrefix(m, "agents line ") && !strings.HasPrefix(m, "networks line ") {
				t.Errorf("an error without a place: %q", m)
			}
			return
		}
		switch v := rules.Judge(openBy(agent, ip)).Verdict; v {
		case event.Human, event.Machine, event.Proxy, event.Unsure:
		default:
			t.Errorf("verdict %q", v)
		}
	})
}
