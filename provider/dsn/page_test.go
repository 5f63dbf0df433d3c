package dsn_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidings/event"
)

var (
	span   = regexp.MustCompile("`([^`]+)`")
	status = regexp.MustCompile(`\b[45]\.\d+\.\d+\b`)
)

// rows are the cells of the tables below a heading of the page.
func rows(t *testing.T, heading string) (list [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/providers/dsn.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n"+heading+"\n")
	section, _, _ = strings.Cut(section, "\n##")
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 4 && !strings.HasPrefix(line, "|--") {
			list = append(list, cells[1:])
		}
	}
	if len(list) < 3 {
		t.Fatalf("%s has %d rows", heading, len(list))
	}
	return list[1:]
}

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	told := []event.Name{event.EmailBounce}
	for _, row := range rows(t, "## What becomes of each word") {
		want := event.Name(span.FindStringSubmatch(row[1])[1])
		told = append(told, want)
		for _, word := range span.FindAllStringSubmatch(row[0], -1) {
			drafts := read(t, report("Final-Recipient: rfc822; lea@acme.test\nAction: "+word[1])).Drafts
			if drafts[0].Name == event.EmailUnknown {
				drafts = read(t, feedback("Feedback-Type: "+word[1]+"\nOriginal-Rcpt-To: lea@acme.test")).Drafts
			}
			if len(drafts) != 1 || drafts[0].Name != want {
				t.Errorf("%s becomes %+v, the page says %s", word[1], drafts, want)
			}
		}
	}
	for _, n := range suite().Adapter.Names {
		if !slices.Contains(told, n) {
			t.Errorf("the page does not say what becomes %s", n)
		}
	}
}

func feedback(fields string) []byte {
	return []byte(head + "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n" + fields + "\n--b--\n")
}

func TestThePageSaysTheClassOfEachStatus(t *testing.T) {
	t.Parallel()
	seen := map[event.BounceClass]bool{}
	for _, row := range rows(t, "### Bounces") {
		want, _, _ := strings.Cut(strings.TrimSpace(row[1]), " ")
		for _, code := range status.FindAllString(row[0], -1) {
			b := read(t, report("Final-Recipient: rfc822; lea@acme.test\nAction: failed\nStatus: "+code)).Drafts[0].Bounce
			if string(b.Class) != want || b.Reason != "" && !strings.Contains(row[2], b.Reason) && !strings.Contains(row[2], "the same") {
				t.Errorf("%s is %s, %s; the page says %s, %s", code, b.Class, b.Reason, want, row[2])
			}
			seen[b.Class] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("the page has statuses of %d classes", len(seen))
	}
}
