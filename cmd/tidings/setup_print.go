package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"tidings/internal/control"
	"tidings/internal/setup"
)

func printHead(w io.Writer, r *setupReport) {
	if r.Blind {
		fmt.Fprintf(w, "Amazon SES in %s\nThere are no credentials of AWS: nothing was read. This is the plan for an account that "+
			"has nothing yet;\nACCOUNT stands for its number.\n", r.Region)
	} else {
		fmt.Fprintf(w, "Amazon SES in %s, account %s, as %s\n", r.Region, r.Account, r.Caller)
	}
	fmt.Fprintf(w, "SNS posts to %s\n\n", r.Endpoint)
}

func printNotes(w io.Writer, r *setupReport) {
	if len(r.Notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "Note: %s\n", plain(n))
	}
}

// printPlan writes every step with its calls.
func printPlan(w io.Writer, r *setupReport) {
	printHead(w, r)
	calls, blocked := 0, 0
	for i, s := range r.Steps {
		fmt.Fprintf(w, "%2d  %s %s: %s\n", i+1, s.Title, plain(s.Name), found(s))
		if s.State == setup.Blocked {
			blocked++
			fmt.Fprintf(w, "    -> %s\n", plain(s.Differences[len(s.Differences)-1].Do))
		}
		for _, call := range s.Calls {
			calls++
			printCall(w, call)
		}
	}
	switch {
	case blocked > 0:
		fmt.Fprintln(w, "\nNothing will be made before a person has done what the arrows say.")
	case calls == 0:
		fmt.Fprintln(w, "\nNothing is to be done.")
	default:
		fmt.Fprintf(w, "\nCalls: %d. None was made. After them a signed sample goes through the source's URL.\n", calls)
	}
	printNotes(w, r)
}

// found says in a few words how a step was found.
func found(s *setupStep) string {
	switch {
	case len(s.Differences) == 0:
		return "as it should be"
	case s.Differences[0].Is == "missing":
		return "missing"
	}
	list := make([]string, 0, len(s.Differences))
	for _, d := range s.Differences {
		list = append(list, differs(d))
	}
	return plain(strings.Join(list, "; "))
}

func differs(d setup.Difference) string {
	if d.Is == "missing" {
		return d.What + " is missing"
	}
	return d.What + " is " + d.Is + ", should be " + d.Want
}

func printCall(w io.Writer, call setupCall) {
	fmt.Fprintf(w, "      %s %s\n", call.Service, call.Action)
	wide := 0
	for _, a := range call.args {
		wide = max(wide, len(a.Name))
	}
	for _, a := range call.args {
		if document, ok := document(a.Text); ok {
			fmt.Fprintf(w, "        %s\n          %s\n", a.Name, document)
			continue
		}
		value := a.Text
		if a.List != nil {
			value = strings.Join(a.List, ", ")
		}
		margin := strings.Repeat(" ", 8+wide+2)
		lines := wrapped(plain(value), max(60, 118-len(margin)))
		fmt.Fprintf(w, "        %-*s  %s\n", wide, a.Name, strings.Join(lines, "\n"+margin))
	}
}

// alone is an object or a list with one member on a line of its own.
var alone = regexp.MustCompile(`([\[{])\n +([^\n]+)\n +([\]}])`)

// document writes JSON over several lines, where it is some.
func document(text string) (string, bool) {
	var pretty bytes.Buffer
	if !strings.HasPrefix(text, "{") || json.Indent(&pretty, []byte(text), strings.Repeat(" ", 10), "  ") != nil {
		return "", false
	}
	before, after := "", pretty.String()
	for before != after {
		before, after = after, alone.ReplaceAllString(after, "$1$2$3")
	}
	return after, true
}

func printCheck(w io.Writer, r *setupReport) {
	printHead(w, r)
	n := 0
	for _, s := range r.Steps {
		word := "same"
		if len(s.Differences) > 0 {
			word = "differs"
		}
		printLine(w, word, row(s.Title, s.Name), "")
		for i, d := range s.Differences {
			n++
			remedy := d.Do
			if i+1 < len(s.Differences) && s.Differences[i+1].Do == remedy {
				remedy = "" // said once, below the last
			}
			printLine(w, "", differs(d), remedy)
		}
	}
	verdict := "OK: nothing differs."
	if n > 0 {
		verdict = fmt.Sprintf("DRIFT. Differences: %d.", n)
	}
	fmt.Fprintf(w, "\n%s\n", verdict)
	printNotes(w, r)
}

func row(title, name string) string { return fmt.Sprintf("%-18s  %s", title, name) }

// printProgress writes a step as it ends, or what it waits for.
func printProgress(w io.Writer, p setup.Progress) {
	text := p.Step.Name
	switch {
	case p.Note != "":
		text = p.Note
	case p.State == "":
		return
	}
	state := string(p.State)
	if state == "" {
		state = "…"
	}
	printLine(w, state, row(p.Step.Title, text), "")
}

// printMade ends the output of a run: what was told line by line is not told again.
func printMade(w io.Writer, r *setupReport, test control.TestReport) {
	if r.Test != nil {
		fmt.Fprint(w, "\nTest of the source: ")
		printTest(w, &test)
	}
	printNotes(w, r)
	if r.Error == "" && !slices.ContainsFunc(r.Steps, func(s *setupStep) bool { return s.State == setup.Done }) {
		fmt.Fprintln(w, "\nNothing was changed.")
	}
	if r.OK {
		fmt.Fprintln(w, "\nAmazon SES is set up. Send a real email to success@simulator.amazonses.com to see its events.")
	}
}
