package workflow

import (
	"fmt"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"tidings/internal/rule"
	"tidings/internal/yamlfile"
)

// Format is whose definitions a file holds.
type Format string

// The formats.
const (
	Tidings   Format = "tidings"
	Mailshot  Format = "mailshot"
	MailGlyph Format = "mailglyph"
)

// File is what a file of workflows holds.
type File struct {
	Format Format
	// JSON is what the file says, whatever it is; nil: it is no YAML.
	JSON []byte
	// Graphs are its workflows, each with its definition.
	Graphs []*Graph
	// Rules are what else happens, of Mailshot's files: emails for events, without a run.
	Rules []rule.Definition
	// Warnings tell what is not as it was meant for whom the file was written for.
	Warnings []Problem
	// Problems are those of all its workflows. A file with problems has neither graphs nor rules.
	Problems []Problem

	lines  yamlfile.File
	places []placer // of each workflow
}

// placer tells where in its file a place of a definition stands.
type placer func(at string) string

// Lined names the line of a problem that was found after the file was read, in the i-th of its workflows:
// "steps[2].send.template".
func (f *File) Lined(i int, p Problem) Problem {
	if i >= 0 && i < len(f.places) {
		p.At = f.places[i](p.At)
	}
	return f.lines.Lined("", p)
}

// Read reads a file of workflows, YAML or JSON, in any of the formats. Every problem names the line where it stands.
func Read(b []byte) File {
	lines, raw, problems := yamlfile.Parse(b)
	if len(problems) > 0 {
		return File{Problems: problems}
	}
	f := &reading{File: File{lines: lines, JSON: raw}}
	var keys map[string]any
	if err := jsonv2.Unmarshal(raw, &keys); err != nil || keys == nil {
		f.wrong("", "is no workflow: want workflow, trigger and steps")
		return f.end()
	}
	switch has := func(key string) bool { _, there := keys[key]; return there }; {
	case has("workflows"):
		f.several(raw)
	case has("workflow"):
		f.one(raw)
	case has("triggerType") || upperTypes(keys["steps"]):
		f.mailGlyph(raw)
	case isMailshot(keys):
		f.mailshot(raw)
	case has("key"):
		f.stored(raw)
	default:
		f.one(raw)
	}
	return f.end()
}

// isMailshot reports whether a file is one of Mailshot's sequences.
func isMailshot(keys map[string]any) bool {
	trigger, _ := keys["trigger"].(map[string]any)
	_, names := trigger["detailType"]
	_, timed := keys["timeoutMinutes"]
	return names || timed
}

// upperTypes reports whether steps have types as MailGlyph's.
func upperTypes(steps any) bool {
	list, _ := steps.([]any)
	for _, s := range list {
		step, _ := s.(map[string]any)
		word, _ := step["type"].(string)
		return word != "" && strings.ToUpper(word) == word
	}
	return false
}

// reading is a file that is being read.
type reading struct {
	File
	problems
	misfits []string // the places that did not fit
	keys    []string // of the workflows that were read
}

// maxProblems bounds how many problems of a file are told.
const maxProblems = 500

func (f *reading) end() File {
	if n := len(f.list) - maxProblems; n > 0 {
		f.list = append(f.list[:maxProblems], Problem{Says: fmt.Sprintf("has %d more problems, which are not told", n)})
	}
	for _, p := range f.list {
		f.Problems = append(f.Problems, f.lines.Lined("", p))
	}
	yamlfile.SortByLine(f.Problems)
	for i, p := range f.Warnings {
		f.Warnings[i] = f.lines.Lined("", p)
	}
	if len(f.Problems) > 0 {
		f.Graphs, f.Rules = nil, nil
	}
	return f.File
}

// fits reads the JSON into a shape, and notes what does not fit.
func (f *reading) fits(raw []byte, into any) {
	problems := f.lines.Into(raw, into, "workflow")
	for _, p := range problems {
		_, at, found := strings.Cut(p.At, ": ")
		if !found {
			at = p.At
		}
		f.misfits = append(f.misfits, at)
	}
	f.Problems = append(f.Problems, problems...)
}

// missed reports whether something did not fit at a place, so that what is missing there was told.
func (f *reading) missed(at string) bool {
	for _, m := range f.misfits {
		if m == at || m == "" {
			return true
		}
		if rest, in := strings.CutPrefix(at, m); in && strings.HasPrefix(rest, ".") {
			return true
		}
	}
	return false
}

// missedIn reports whether something did not fit within a place.
func (f *reading) missedIn(at string) bool {
	return slices.ContainsFunc(f.misfits, func(m string) bool { return strings.HasPrefix(m, at+".") })
}

// take compiles a definition whose places stand in the file where a placer says.
func (f *reading) take(d Definition, in placer) {
	g, problems := Compile(d)
	for _, p := range problems {
		if p.At = in(p.At); !f.missed(p.At) && (!strings.HasPrefix(p.Says, oneOfMany) || !f.missedIn(p.At)) {
			f.list = append(f.list, p)
		}
	}
	if slices.Contains(f.keys, d.Key) && d.Key != "" {
		f.wrong(in("key"), "%.100q is the key of a workflow above it, too", d.Key)
	}
	f.keys = append(f.keys, d.Key)
	f.Graphs, f.places = append(f.Graphs, g), append(f.places, in)
}

// stored reads a definition as it is stored.
func (f *reading) stored(raw []byte) {
	f.Format = Tidings
	var d Definition
	f.fits(raw, &d)
	f.take(d, func(at string) string { return at })
}

func (f *reading) one(raw []byte) {
	f.Format = Tidings
	var w fileWorkflow
	f.fits(raw, &w)
	f.workflow("", &w)
}

func (f *reading) several(raw []byte) {
	f.Format = Tidings
	var whole struct {
		Workflows []fileWorkflow `json:"workflows"`
	}
	f.fits(raw, &whole)
	if len(whole.Workflows) == 0 {
		f.wrong("workflows", "is empty: want a list of workflows")
	}
	for i := range whole.Workflows {
		f.workflow(place("workflows", i), &whole.Workflows[i])
	}
}

// workflow makes the definition of one workflow of the file.
func (f *reading) workflow(at string, w *fileWorkflow) {
	moved := &moves{}
	moved.add("key", join(at, "workflow"))
	d := Definition{
		Key: w.Workflow, Name: w.Name, Description: w.Description, Reentry: w.Reentry.Reentry, Timeout: w.Timeout, Late: w.Late,
		Sender: w.Sender, From: w.From, ReplyTo: w.ReplyTo, Transactional: w.Transactional, Topic: w.Topic, Cap: w.Cap,
		Quiet: w.Quiet,
		Start: w.Start,
	}
	if w.Reentry.short {
		moved.add("reentry.mode", join(at, "reentry"))
	}
	t := &w.Trigger
	d.Trigger = Trigger{
		Mapping: t.Mapping, Segment: t.Segment, Schedule: t.Schedule, Manual: t.Manual, If: t.If, ID: t.ID, Name: t.Name, At: t.At,
	}
	d.Trigger.On = f.match(moved, "trigger.on", join(at, "trigger"), t.On, t.Match)
	for i, x := range w.ExitOn.list {
		in := join(at, "exitOn")
		if w.ExitOn.one {
			moved.add("exitOn[0]", in)
		} else {
			in = place(in, i)
		}
		exit := Exit{Mapping: x.Mapping}
		if on := f.match(moved, place("exitOn", i)+".on", in, x.On, x.Match); on != nil {
			exit.On = *on
		}
		d.ExitOn = append(d.ExitOn, exit)
	}
	flat := flatten(join(at, "steps"), w.Steps)
	f.list = append(f.list, flat.list...)
	d.Steps = flat.steps
	if d.Start == "" {
		d.Start = flat.start
	}
	f.take(d, func(p string) string { return flat.placed(moved.placed(join(at, p), p), p) })
}

// match gives the match of a part of the file, and notes where it stands.
func (f *reading) match(moved *moves, in, at string, on *rule.Match, beside rule.Match) *rule.Match {
	m, inline, both := matchOf(on, beside)
	if both {
		f.wrong(at, "says in two places for which events it is: under on, and beside it")
	}
	if inline || m == nil {
		moved.add(in, at)
	}
	return m
}
