package control_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// deeds are what lines of a script may say.
func (s *stage) deeds() map[string]func(words []string, line string) error {
	return map[string]func([]string, string) error{
		"now":     func([]string, string) error { return nil }, // time passed
		"event":   s.happens,
		"stores":  s.happens,
		"contact": s.contact,
		"restart": func([]string, string) error { s.open(); return nil },
		"apply":   func(w []string, _ string) error { s.apply(w[0]); return nil },
		"enable": func(w []string, _ string) error {
			s.change(w[0], func(x *store.WorkflowChange) { x.Enabled = true })
			return nil
		},
		"disable": func(w []string, _ string) error {
			s.change(w[0], func(x *store.WorkflowChange) { x.Enabled = false })
			return nil
		},
		"delete": func(w []string, _ string) error {
			s.change(w[0], func(x *store.WorkflowChange) { x.Deleted = true })
			return nil
		},
		"suppress": func(w []string, _ string) error {
			_, err := s.Suppress(s.t.Context(), operator, control.NewSuppression{Address: w[0], Note: "asked"})
			return err
		},
		"merge": func(w []string, _ string) error { // the second into the first
			_, err := s.MergeContacts(s.t.Context(), operator, w[0], w[1])
			return err
		},
		"erase": func(w []string, _ string) error {
			_, err := s.EraseContact(s.t.Context(), operator, w[0], "asked")
			return err
		},
		"remove":   func(w []string, _ string) error { return s.RemoveContact(s.t.Context(), operator, w[0]) },
		"template": func(w []string, _ string) error { return s.template(w[0]) },
		"hand":     func([]string, string) error { return s.RunSends(s.t.Context()) },
		"start":    s.starts,
		"retry":    func(w []string, _ string) error { return s.tells(w[0], workflow.Input{Kind: workflow.Retry}) },
		"skip": func(w []string, _ string) error {
			return s.tells(w[0], workflow.Input{Kind: workflow.Skip, Detail: "by hand"})
		},
		"cancel": func(w []string, _ string) error {
			return s.tells(w[0], workflow.Input{Kind: workflow.Cancel, Detail: "by hand"})
		},
		"move": func(w []string, _ string) error {
			return s.tells(w[0], workflow.Input{Kind: workflow.Move, Outcome: w[1], Detail: "by hand"})
		},
	}
}

// happens tracks an event, or tells one as a provider does: name, address, JSON.
func (s *stage) happens(w []string, line string) error {
	text := "{}"
	if _, rest, more := strings.Cut(line, w[1]+" "); more {
		text = rest
	}
	if event.Name(w[0]).Slot() != 0 {
		return s.provided(w[0], w[1], text)
	}
	list, _, err := s.Track(s.t.Context(), operator, control.TrackRequest{Items: []control.TrackItem{{
		Event: w[0], Email: w[1], Data: []byte(text),
	}}})
	if err != nil {
		return err
	}
	return list[0].Problem
}

// contact changes a contact: address, attributes as JSON, or the words subscribed and unsubscribed.
func (s *stage) contact(w []string, line string) error {
	e := control.ContactEdit{Email: w[0]}
	for _, x := range w[1:] {
		switch x {
		case "subscribed", "unsubscribed":
			e.Subscribed = new(x == "subscribed")
		}
	}
	if _, text, more := strings.Cut(line, "{"); more {
		if err := json.Unmarshal([]byte("{"+text), &e.Data); err != nil {
			return err
		}
	}
	_, err := s.PutContact(s.t.Context(), operator, e)
	return err
}

// starts lets a contact enter a workflow by hand: key, address, what the run is told as JSON.
func (s *stage) starts(w []string, line string) error {
	ctx := s.t.Context()
	x, err := s.Store.Workflow(ctx, store.DefaultProject, w[0])
	if err != nil {
		return err
	}
	own, err := s.Store.Source(ctx, store.DefaultProject, s.feed.ID)
	if err != nil {
		return err
	}
	s.n++
	start := store.RunStart{
		Workflow: x.Ref, Version: x.Version, Reentry: x.Definition.Reentry, BegunBy: fmt.Sprint("hand:", s.n),
	}
	start.Change.Address, start.Change.At, start.Change.Origin = w[1], s.clock().UnixMilli(), "workflow"
	if _, text, more := strings.Cut(line, "{"); more {
		if err := json.Unmarshal([]byte("{"+text), &start.Vars.Data); err != nil {
			return err
		}
	}
	_, _, err = s.Store.SaveRuns(ctx, &store.RunBatch{Source: own, Starts: []store.RunStart{start}})
	return err
}

// tells lets something happen to the newest run of a contact.
func (s *stage) tells(address string, in workflow.Input) error {
	for _, r := range s.runs() {
		if r.Address != address {
			continue
		}
		versions, err := s.Store.WorkflowVersions(s.t.Context(), store.DefaultProject, r.WorkflowID)
		if err != nil {
			return err
		}
		of := r.Version
		if in.Kind == workflow.Move {
			of = versions[0].Version
		}
		g, _ := workflow.Compile(versions[int64(len(versions))-of].Definition)
		now, marks, _ := g.Next(r.Run, in, workflow.Env{Now: s.clock(), Email: r.Address})
		step := store.RunStep{Was: &r, Now: now, Marks: marks}
		if of != r.Version {
			step.Other = of
		}
		_, stale, err := s.Store.SaveRuns(s.t.Context(), &store.RunBatch{Source: s.feed, Steps: []store.RunStep{step}})
		if stale > 0 {
			err = fmt.Errorf("it was changed meanwhile")
		}
		return err
	}
	return fmt.Errorf("there is no run of %s", address)
}

var (
	uuids     = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	publicIDs = regexp.MustCompile(`\b(snd|exe|wfl|tpl|con)_[0-9a-z]+`)
)

// transcript tells what became of everybody.
func (s *stage) transcript() string {
	var b strings.Builder
	list := s.runs()
	// What happens at one moment to several has no order of its own: shards work beside one another.
	slices.SortFunc(list, func(a, b store.Run) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), strings.Compare(a.Address, b.Address), strings.Compare(a.Key, b.Key),
			cmp.Compare(a.Ref, b.Ref))
	})
	for i := range list {
		r := &list[i]
		fmt.Fprintf(&b, "%s in %s %d: %s", s.of(r.Address), r.Key, r.Version, r.Status)
		switch {
		case r.Status.Open() && r.Due.IsZero():
			b.WriteString(" for an event")
		case r.Status.Open():
			b.WriteString(" until " + moment(r.Due))
		default:
			b.WriteString(" " + moment(r.EndedAt))
		}
		line(&b, r.Reason)
		_, steps, err := s.Store.Run(s.t.Context(), store.DefaultProject, r.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, m := range steps {
			fmt.Fprintf(&b, "  %s", moment(m.Entered))
			if m.Left.IsZero() {
				b.WriteString(" ...")
			} else if !m.Left.Equal(m.Entered) {
				b.WriteString(" .. " + moment(m.Left))
			}
			fmt.Fprintf(&b, " %s", m.Step)
			line(&b, m.Variant, m.Outcome, uuids.ReplaceAllString(m.Detail, "<id>"))
		}
	}
	s.mails(&b)
	s.counts(&b)
	return b.String()
}

func (s *stage) of(address string) string {
	switch {
	case address == "":
		return "nobody"
	case strings.HasPrefix(address, "erased-"):
		return "erased"
	}
	return address
}

// line ends a line by the words that there are.
func line(b *strings.Builder, words ...string) {
	for _, w := range words {
		if w != "" {
			b.WriteString(", " + w)
		}
	}
	b.WriteString("\n")
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// mails tells of all emails, oldest first.
func (s *stage) mails(b *strings.Builder) {
	list, err := s.Store.Sends(s.t.Context(), store.SendQuery{Project: store.DefaultProject, Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b store.SendItem) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.Recipient, b.Recipient),
			strings.Compare(a.Content.Workflow, b.Content.Workflow), cmp.Compare(a.Ref, b.Ref))
	})
	for _, m := range list {
		fmt.Fprintf(b, "mail %s %s %s %s", moment(m.CreatedAt), s.of(m.Recipient), m.Content.Label, m.Status)
		line(b, m.Reason, publicIDs.ReplaceAllString(m.Problem, "<id>"))
	}
}

// counts tells how often what was done.
func (s *stage) counts(b *strings.Builder) {
	list, err := s.Store.Workflows(s.t.Context(), store.DefaultProject)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, x := range list {
		counts, err := s.Store.RunCounts(s.t.Context(), x.Ref)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, c := range counts {
			if c.Step == "" && c.N != 0 {
				fmt.Fprintf(b, "count %s %d %s %d\n", x.Definition.Key, c.Version, c.Word, c.N)
			}
		}
	}
}

// recounts finds out whether what is counted is so.
func (s *stage) recounts() {
	ctx := s.t.Context()
	type key struct {
		workflow, version int64
		step, word        string
	}
	want, open := make(map[key]int64), make(map[key]int64)
	for _, r := range s.runs() {
		_, steps, err := s.Store.Run(ctx, store.DefaultProject, r.ID)
		must(s.t, err)
		if r.Status.Open() {
			open[key{r.Workflow, r.Version, "", ""}]++
		} else {
			want[key{r.Workflow, r.Version, "", strings.ToLower(string(r.Status))}]++
		}
		want[key{r.Workflow, r.Version, "", store.StartedWord}]++
		for _, m := range steps {
			want[key{r.Workflow, r.Version, m.Step, store.EnteredWord}]++
			if !m.Left.IsZero() {
				want[key{r.Workflow, r.Version, m.Step, "left:" + m.Outcome}]++
			}
		}
	}
	list, err := s.Store.Workflows(ctx, store.DefaultProject)
	must(s.t, err)
	got := make(map[key]int64)
	for _, x := range list {
		counts, err := s.Store.RunCounts(ctx, x.Ref)
		must(s.t, err)
		for _, c := range counts {
			if c.N != 0 {
				got[key{x.Ref, c.Version, c.Step, c.Word}] = c.N
			}
		}
		versions, err := s.Store.WorkflowVersions(ctx, store.DefaultProject, x.ID)
		must(s.t, err)
		for _, v := range versions {
			if n := open[key{x.Ref, v.Version, "", ""}]; n != v.Open {
				s.t.Errorf("%s %d counts %d open runs and has %d", x.Definition.Key, v.Version, v.Open, n)
			}
		}
	}
	if s.lossy() { // the counters of what was removed stay
		return
	}
	if !maps.Equal(want, got) {
		s.t.Errorf("counters are\n%v, and a recount is\n%v", got, want)
	}
}

// lossy reports whether the script removes runs, or moves them to another version.
func (s *stage) lossy() bool {
	for _, word := range []string{" erase ", " remove ", " delete ", " move "} {
		if strings.Contains(s.files.text("script"), word) {
			return true
		}
	}
	return false
}
