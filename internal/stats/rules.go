package stats

import (
	"bufio"
	"bytes"
	_ "embed" // the data files
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"unicode/utf8"

	"tidings/event"
)

//go:embed data/agents.txt
var defaultAgents []byte

//go:embed data/networks.txt
var defaultNetworks []byte

// Names that errors call the data files by.
const (
	agentsFile   = "agents"
	networksFile = "networks"
)

const (
	maxProblems   = 10        // of a file, before its reading stops
	maxLineBytes  = 64 * 1024 // bufio's own
	maxLabelBytes = 64
	maxAgentRules = 5000 // each costs a search in every user agent that was not seen lately
)

// DefaultRules returns the rules of the data files that come with the program.
func DefaultRules() *Rules {
	r, err := ParseRules(nil, nil)
	if err != nil {
		panic(err) // the embedded files are part of the program, a test reads them
	}
	return r
}

// ParseRules reads the two data files; the ones that come with the program describe their format. A nil reader stands
// for the file that comes with the program, an empty file for no rules. The error names the file, the line and what
// is wrong for the first ten problems of each file.
func ParseRules(agents, networks io.Reader) (*Rules, error) {
	if agents == nil {
		agents = bytes.NewReader(defaultAgents)
	}
	if networks == nil {
		networks = bytes.NewReader(defaultNetworks)
	}
	r := &Rules{}
	if err := errors.Join(
		eachLine(agentsFile, agents, r.addAgent),
		eachLine(networksFile, networks, r.addNetwork),
	); err != nil {
		return nil, err
	}
	return r, nil
}

// eachLine calls add with every line that is not empty and not a comment.
func eachLine(file string, from io.Reader, add func(line string) error) error {
	var problems []error
	number := 0
	lines := bufio.NewScanner(from)
	for lines.Scan() && len(problems) < maxProblems {
		number++
		line := lines.Text()
		if number == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := checked(line, add); err != nil {
			problems = append(problems, fmt.Errorf("%s line %d: %w", file, number, err))
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		problems = append(problems, fmt.Errorf("%s line %d: longer than %d bytes", file, number+1, maxLineBytes))
	case err != nil:
		problems = append(problems, fmt.Errorf("%s after line %d: %w", file, number, err))
	}
	return errors.Join(problems...)
}

var errNotText = errors.New("not text: want UTF-8 without control characters")

func checked(line string, add func(line string) error) error {
	control := func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }
	if !utf8.ValidString(line) || strings.ContainsFunc(line, control) {
		return errNotText
	}
	return add(line)
}

func (r *Rules) addAgent(line string) error {
	verdict, rest, err := verdictOf(line)
	if err != nil {
		return err
	}
	match, rest := word(rest)
	if match != "exact" && match != "contains" {
		return fmt.Errorf("match %q: want exact or contains", match)
	}
	label, text := word(rest)
	if err := checkLabel(label); err != nil {
		return err
	}
	if text == "" || len(text) > maxAgentBytes {
		return fmt.Errorf("text of %d bytes: want 1 to %d", len(text), maxAgentBytes)
	}
	if len(r.agents) == maxAgentRules {
		return fmt.Errorf("more than %d rules", maxAgentRules)
	}
	a := agentRule{verdict: verdict, exact: match == "exact", label: label, text: text}
	for _, b := range r.agents {
		if a.exact == b.exact && a.text == b.text {
			return fmt.Errorf("text %q: a second time", text)
		}
	}
	r.agents = append(r.agents, a)
	return nil
}

func (r *Rules) addNetwork(line string) error {
	verdict, rest, err := verdictOf(line)
	if err != nil {
		return err
	}
	cidr, label := word(rest)
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return fmt.Errorf("network %q: want a CIDR such as 192.0.2.0/24", cidr)
	}
	if p.Addr().Is4In6() {
		return fmt.Errorf("network %q: write it as IPv4", cidr)
	}
	if p != p.Masked() {
		return fmt.Errorf("network %q: has bits beyond its length, want %s", cidr, p.Masked())
	}
	if err := checkLabel(label); err != nil {
		return err
	}
	if _, ok := r.networks.prefixes[p]; ok {
		return fmt.Errorf("network %q: a second time", cidr)
	}
	r.networks.add(p, network{verdict: verdict, label: strings.Clone(label)})
	return nil
}

func verdictOf(line string) (v event.Verdict, rest string, err error) {
	first, rest := word(line)
	switch v := event.Verdict(first); v {
	case event.Machine:
		return event.Machine, rest, nil
	case event.Proxy:
		return event.Proxy, rest, nil
	}
	return "", "", fmt.Errorf("verdict %q: want machine or proxy", first)
}

// word cuts the first word off a line.
func word(line string) (first, rest string) {
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return line, ""
	}
	return line[:i], strings.TrimLeft(line[i:], " \t")
}

func checkLabel(label string) error {
	odd := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' }
	if label == "" || len(label) > maxLabelBytes || strings.ContainsFunc(label, odd) {
		return fmt.Errorf("label %q: want 1 to %d of a-z, 0-9 and _", label, maxLabelBytes)
	}
	return nil
}
