package alert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Message is what a channel is told at once: alerts that were raised, or that are over, in one look.
type Message struct {
	Project string // its name
	Items   []Item
	URL     string // where the server's pages are reached, without a slash at the end
	Test    bool   // somebody tries the channel
}

// maxLines is how many alerts a message names; of the rest it tells how many there are.
const maxLines = 20

// sorted are the items, the worst first.
func (m *Message) sorted() []Item {
	list := slices.Clone(m.Items)
	rank := func(x Item) int {
		switch {
		case x.Change == Resolved:
			return 2
		case x.Level == "severe":
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b Item) int { return rank(a) - rank(b) })
	return list
}

// heading says in one line what a message of several alerts is about.
func (m *Message) heading() string {
	raised, over := 0, 0
	for i := range m.Items {
		if m.Items[i].Change == Resolved {
			over++
		} else {
			raised++
		}
	}
	var parts []string
	if raised > 0 {
		parts = append(parts, many(int64(raised), "alert was raised", "alerts were raised"))
	}
	if over > 0 {
		parts = append(parts, many(int64(over), "alert is over", "alerts are over"))
	}
	return strings.Join(parts, ", ")
}

const testWords = "This is a test of the channel. If you can read it, it works."

// Subject is the subject of an email.
func (m *Message) Subject() string {
	switch {
	case m.Test:
		return "[Tidings] A test of alerts"
	case len(m.Items) == 1:
		return "[Tidings] " + m.Items[0].Title(Tame)
	}
	return "[Tidings] " + m.heading()
}

// Text is the text of an email.
func (m *Message) Text() string {
	var b strings.Builder
	if m.Test {
		b.WriteString(testWords + "\n\n")
	}
	list := m.sorted()
	for i := range list {
		if i == maxLines {
			fmt.Fprintf(&b, "And %s more.\n\n", grouped(int64(len(list)-maxLines)))
			break
		}
		x := &list[i]
		fmt.Fprintf(&b, "%s\n%s\n", x.Title(Tame), x.Facts(Tame))
		if x.Change == Resolved {
			fmt.Fprintf(&b, "It was raised at %s.\n", stamp(x.Since))
		} else {
			fmt.Fprintf(&b, "Since %s.\n", stamp(x.Since))
		}
		if todo := x.Todo(); todo != "" && len(list) == 1 {
			fmt.Fprintf(&b, "\nWhat to do: %s\n", todo)
		}
		fmt.Fprintf(&b, "%s%s\n\n", m.URL, x.Path())
	}
	fmt.Fprintf(&b, "All alerts of %s: %s/ui/alerts\n", Tame(m.Project), m.URL)
	return b.String()
}

// slackCode writes a text from outside as code, in which chat programs look for no names, links or styles.
func slackCode(s string) string {
	s = strings.ReplaceAll(Tame(s), "`", "'")
	if s == "" {
		return ""
	}
	return "`" + slackEscape.Replace(s) + "`"
}

// slackEscape is what Slack asks for.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// maxSlackText is how much Slack shows of a text, in bytes. Of a block, which is one line of a message, it takes 3,000: none is
// as long.
const maxSlackText = 3_900

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type slackBlock struct {
	Type string    `json:"type"`
	Text slackText `json:"text"`
}

// Slack is the body of a post to an incoming webhook of Slack, or of a program that understands the same: text for those that
// know no blocks.
func (m *Message) Slack() ([]byte, error) {
	list := m.sorted()
	var lines []string
	if m.Test {
		lines = append(lines, testWords)
	}
	if len(list) > 1 {
		lines = append(lines, "*"+m.heading()+"*")
	}
	for i := range list {
		if i == maxLines {
			lines = append(lines, fmt.Sprintf("And %s more.", grouped(int64(len(list)-maxLines))))
			break
		}
		x := &list[i]
		line := "*" + x.Title(slackCode) + "*\n" + slackFacts(x)
		if todo := x.Todo(); todo != "" && len(list) == 1 {
			line += "\nWhat to do: " + slackEscape.Replace(todo)
		}
		lines = append(lines, line+" <"+m.URL+x.Path()+"|Look>")
	}
	lines = append(lines, "<"+m.URL+"/ui/alerts|All alerts of this project>")
	body := struct {
		Text        string       `json:"text"`
		Blocks      []slackBlock `json:"blocks"`
		UnfurlLinks bool         `json:"unfurl_links"`
		UnfurlMedia bool         `json:"unfurl_media"`
	}{}
	for _, line := range lines {
		if len(body.Text)+len(line) < maxSlackText { // whole lines: half a link is none
			body.Text = strings.TrimPrefix(body.Text+"\n"+line, "\n")
		}
		body.Blocks = append(body.Blocks, slackBlock{Type: "section", Text: slackText{"mrkdwn", line}})
	}
	return json.Marshal(body)
}

// slackFacts are the facts and since when they hold.
func slackFacts(x *Item) string {
	facts := x.Facts(slackCode) // what is not quoted are our own words, which have nothing to escape
	if x.Change == Resolved {
		return facts + " It was raised at " + stamp(x.Since) + "."
	}
	return facts + " Since " + stamp(x.Since) + "."
}
