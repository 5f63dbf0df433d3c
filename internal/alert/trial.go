package alert

import (
	"time"

	"tidings/internal/stats"
)

// Step is what a rule would have seen of a subject at a time.
type Step struct {
	At      time.Time
	Figures Figures
}

// Past is an alert that would have been.
type Past struct {
	Subject    Subject
	Level      stats.Level // the highest that it had
	RaisedAt   time.Time
	ResolvedAt time.Time // zero: it would not be over
	Figures    Figures   // as of then
}

// Replay tells which alerts a rule would have raised for a subject, had it looked at each step. Steps are ascending, and pause is
// between two of them.
func Replay(x *Live, subject Subject, steps []Step, pause time.Duration) (list []Past) {
	rule := *x
	rule.Every = max(rule.Every, pause)
	var s State
	for i := range steps {
		level := s.Level
		var change Change
		if s, change = Judge(&rule, &steps[i].Figures, s, steps[i].At); change == "" {
			continue
		}
		if change == Raised {
			list = append(list, Past{Subject: subject, RaisedAt: steps[i].At, Figures: steps[i].Figures})
		}
		last := &list[len(list)-1]
		if last.Level = s.Level; change == Resolved {
			last.Level, last.ResolvedAt = level, steps[i].At
		}
	}
	return list
}
