package control

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/workflow"
	"tidings/internal/yamlfile"
)

// WorkflowDraft is a workflow that somebody writes, as a text and as an object, with all that is wrong with it.
type WorkflowDraft struct {
	Text       string          // in YAML, in the form of files; what was given, where that is such a text already
	Definition json.RawMessage // the same as an object; nil: it can't be read as one
	Format     workflow.Format // whose it was; empty: nobody's
	Problems   []DraftProblem
	Warnings   []rule.Problem // what was left out of another format
}

// DraftProblem is one thing that is wrong with a draft.
type DraftProblem struct {
	rule.Problem     // At is the place in the definition
	Line         int // of the text, from 1; 0: not known
}

// ValidateWorkflow checks a workflow that is being written: a text, or JSON. Nothing is stored.
func (c *Control) ValidateWorkflow(ctx context.Context, who Actor, text string) (out WorkflowDraft, err error) {
	if len(text) > maxWorkflowText {
		return out, fault.BadField("workflow", "has %d bytes, at most %d are taken", len(text), maxWorkflowText)
	}
	out.Text = text
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		if written, err := yamlfile.Write([]byte(text)); err == nil {
			out.Text = written // so that lines are those of what people read
		}
	}
	f := workflow.Read([]byte(out.Text))
	out.Format, out.Warnings = f.Format, f.Warnings
	wrong := f.Problems
	if len(wrong) == 0 && len(f.Graphs) != 1 {
		says := fmt.Sprintf("holds %d workflows: want one. A folder may have many: tidings apply", len(f.Graphs))
		wrong = []rule.Problem{{Says: says}}
	} else if len(wrong) == 0 {
		if wrong, _, err = c.newWorkflowCheck(who).references(ctx, f.Graphs[0]); err != nil {
			return out, err
		}
		for i := range wrong {
			wrong[i] = f.Lined(0, wrong[i])
		}
	}
	out.Problems = make([]DraftProblem, len(wrong))
	for i := range wrong {
		out.Problems[i] = draftProblem(wrong[i])
	}
	err = out.define(&f)
	return out, err
}

// define gives a draft its definition: what its text says, where that is in the form of files, else what was made of it.
func (d *WorkflowDraft) define(f *workflow.File) error {
	var keys map[string]json.RawMessage
	if len(f.JSON) == 0 || f.JSON[0] != '{' {
		return nil
	}
	if err := json.Unmarshal(f.JSON, &keys); err != nil {
		return fmt.Errorf("read draft: %w", err)
	}
	if _, stored := keys["key"]; d.Format == workflow.Tidings && keys["workflows"] == nil && !stored {
		d.Definition = f.JSON
		return nil
	}
	if len(f.Graphs) != 1 {
		return nil
	}
	var err error
	if d.Text, err = workflow.Write(&f.Graphs[0].Definition); err != nil {
		return err
	}
	d.Definition, err = workflow.WriteJSON(&f.Graphs[0].Definition)
	return err
}

// draftProblem parts the line from the place of a problem.
func draftProblem(x rule.Problem) DraftProblem {
	out := DraftProblem{Problem: x}
	line, at, _ := strings.Cut(x.At, ": ")
	number, lined := strings.CutPrefix(line, "line ")
	if !lined {
		return out
	}
	if n, err := strconv.Atoi(number); err == nil {
		out.Line, out.At = n, at
	}
	return out
}
