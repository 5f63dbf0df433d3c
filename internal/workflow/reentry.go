package workflow

import "time"

// Past is an earlier run of a contact in a workflow.
type Past struct {
	Open      bool
	StartedAt time.Time
}

// MaxPerHour is how often one contact may enter one workflow within an hour, in every mode: a circle of workflows ends there.
const MaxPerHour = 20

// Admit says whether a contact may enter now: why it may not, empty where it may. end tells that its runs that go on are to
// be ended first. past are its runs of the workflow, of every version.
func (x Reentry) Admit(past []Past, now time.Time) (why string, end bool) {
	var last time.Time
	open, recent := false, 0
	for _, p := range past {
		open = open || p.Open
		if p.StartedAt.After(last) {
			last = p.StartedAt
		}
		if now.Sub(p.StartedAt) < time.Hour {
			recent++
		}
	}
	cooldown, _ := x.Cooldown.Duration() // Compile has read it
	switch {
	case recent >= MaxPerHour:
		return "entered too often within an hour: a circle ends here", false
	case x.Mode != Replace && x.Mode != Parallel && x.Mode != After && len(past) > 0:
		return "was in it before, and enters once", false
	case cooldown > 0 && !last.IsZero() && now.Sub(last) < cooldown:
		return "entered less than " + string(x.Cooldown) + " ago", false
	case x.Mode == After && open:
		return "is in it", false
	}
	return "", x.Mode == Replace && open
}

// End ends a run that goes on, whatever it waits for, with the mark of the step that it leaves.
func (r Run) End(status Status, outcome, reason string, now time.Time) (Run, []Mark) {
	if !r.Status.Open() {
		return r, nil
	}
	r.Status, r.Reason, r.Due = status, reason, time.Time{}
	if r.Visit == 0 {
		return r, nil
	}
	return r, []Mark{{Visit: r.Visit, Step: r.Step, Left: now, Outcome: outcome, Detail: reason}}
}
