package workflow

import (
	"encoding/json"
	"reflect"
)

// Same reports whether two definitions say the same, in whatever order their steps stand and however their ways are written.
func Same(a, b *Definition) bool {
	return reflect.DeepEqual(canonical(a), canonical(b))
}

// canonical is a definition as values of JSON, with its steps by their ids and their ways outcome by outcome.
func canonical(d *Definition) any {
	x := *d
	if x.Start == "" && len(x.Steps) > 0 {
		x.Start = x.Steps[0].ID
	}
	steps := make(map[string]any, len(d.Steps))
	for i := range d.Steps {
		s := d.Steps[i]
		s.Next = s.allWays()
		steps[s.ID] = values(s)
	}
	x.Steps = nil
	return []any{values(x), steps}
}

// allWays are the ways of every outcome, those to the end with them.
func (s *Step) allWays() map[string]string {
	ways := make(map[string]string)
	if s.Exit != nil {
		return ways
	}
	for _, o := range s.Outcomes() {
		if to, there := s.Next[o]; there || o != OnFailed || !s.fails() {
			if !there {
				to = s.Next[Always]
			}
			ways[o] = to
		}
	}
	if len(s.Outcomes()) == 0 || s.fails() {
		ways[Always] = s.Next[Always]
	}
	return ways
}

// values are what a thing is as JSON.
func values(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		return err.Error()
	}
	return out
}
