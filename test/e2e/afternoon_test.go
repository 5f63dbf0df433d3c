package e2e_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the afternoon's commands print into docs/operating.md")

const (
	operatingPage  = "../../docs/operating.md"
	afternoonTitle = "## An operator's afternoon\n"
)

// TestAnOperatorsAfternoon runs the transcript of the guide for operators, command for command, and compares what is
// printed with what stands there.
func TestAnOperatorsAfternoon(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(operatingPage)
	must(t, err)
	before, section, ok := strings.Cut(string(page), afternoonTitle)
	if !ok {
		t.Fatalf("%s has no section %q", operatingPage, afternoonTitle)
	}
	a := &afternoon{stage: stage{t: t, dir: t.TempDir()}}
	got := console.ReplaceAllStringFunc(section, a.block)
	if a.commands < 15 {
		t.Errorf("the afternoon has %d commands", a.commands)
	}
	if *update {
		must(t, os.WriteFile(operatingPage, []byte(before+afternoonTitle+got), 0o600))
		return
	}
	if diff := cmp.Diff(section, got); diff != "" {
		t.Errorf("the guide (-) and what is printed (+) differ; go test ./test/e2e -run Afternoon -update writes it anew:\n%s", diff)
	}
}

// console is one piece of the transcript.
var console = regexp.MustCompile("(?s)```console\n.*?\n```")

// afternoon is the machine that the transcript happens on.
type afternoon struct {
	stage
	commands int
	address  string // of the server that runs
	stop     func()
	secrets  []string // what was printed, and the word that stands for it: in pairs
}

// block runs the commands of one piece and returns it with what they print now.
func (a *afternoon) block(text string) string {
	var b strings.Builder
	b.WriteString("```console\n")
	lines := strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "```console\n"), "\n```"), "\n")
	for i := 0; i < len(lines); i++ {
		line, ok := strings.CutPrefix(lines[i], "$ ")
		if !ok {
			continue // what was printed then
		}
		b.WriteString(lines[i] + "\n")
		for strings.HasSuffix(line, "\\") && i+1 < len(lines) {
			i++
			b.WriteString(lines[i] + "\n")
			line = strings.TrimSuffix(line, "\\") + lines[i]
		}
		a.commands++
		b.WriteString(a.run(line))
	}
	b.WriteString("```")
	return b.String()
}

// run runs a command as it stands in the guide, and returns what it prints as the guide shows it.
func (a *afternoon) run(line string) string {
	switch line {
	case "sudo systemctl start tidings":
		// The port stays the same over a restart, as that of a real server does.
		a.address, a.stop = a.serving("tidings serve --log-format json --listen " + orAnyPort(a.address))
		return ""
	case "sudo systemctl stop tidings":
		a.stop()
		return ""
	}
	out, _ := a.shell("export TIDINGS_LISTEN=" + a.address + "; " + a.real(line))
	return a.shown(out)
}

func orAnyPort(address string) string {
	if address == "" {
		return "127.0.0.1:0"
	}
	return address
}

// real puts in what the guide has words for.
func (a *afternoon) real(line string) string {
	line = strings.ReplaceAll(line, "127.0.0.1:8080", a.address)
	for i := 0; i < len(a.secrets); i += 2 {
		line = strings.ReplaceAll(line, a.secrets[i+1], a.secrets[i])
	}
	return line
}

// differs is what is another at each run, and what the guide has in its place.
var differs = []struct {
	pattern *regexp.Regexp
	word    string
}{
	{regexp.MustCompile(`src_[a-z0-9]{16}`), "src_01jq7z9f3v8k2m5n"},
	{regexp.MustCompile(`/in/ses/([A-Za-z0-9_-]{20,})`), "TOKEN"},
	{regexp.MustCompile(`epoch +([A-Z2-7]{26})`), "OZMZDQ3MQ7Q5ARIVZ5YYNWK6ME"},
	{regexp.MustCompile(`\(([0-9.]+ ms)\)`), "2.5 ms"},
	{regexp.MustCompile(`\.before-([0-9TZ.]+)`), "20260506T140000.000Z"},
	{regexp.MustCompile(`bytes +([0-9]{6,})`), "2453504"},
}

func (a *afternoon) shown(out string) string {
	for _, d := range differs {
		for _, m := range d.pattern.FindAllStringSubmatch(out, -1) {
			a.secrets = append(a.secrets, m[len(m)-1], d.word)
		}
	}
	for i := 0; i < len(a.secrets); i += 2 {
		out = strings.ReplaceAll(out, a.secrets[i], a.secrets[i+1])
	}
	out = strings.ReplaceAll(strings.ReplaceAll(out, a.dir+"/", ""), a.address, "127.0.0.1:8080")
	out = lags.ReplaceAllString(out, "200 days 12 h")
	return stamped.ReplaceAllStringFunc(out, func(s string) string {
		if at, err := time.Parse("2006-01-02 15:04", s[:16]); err != nil || time.Since(at).Abs() > 48*time.Hour {
			return s
		}
		return "2026-05-06 14:00" + strings.Repeat(":00", (len(s)-16)/3)
	})
}

// lags are how long ago the mail of the guide was: longer every day.
var lags = regexp.MustCompile(`[0-9]{3,} days( [0-9]{1,2} h)?`)

// stamped is a time as commands print it.
var stamped = regexp.MustCompile(`20\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)?`)
