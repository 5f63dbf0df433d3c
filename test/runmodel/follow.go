package runmodel

import "time"

// What follows is for whoever has the history of a server whose work can't be repeated to the second, as it was killed and begun
// again: the model does, at the times of that history, what there was to do then.

// Tell tells a contact's workflows of the events up to a number, as of now. It returns the runs that begin by them.
func (w *World) Tell(c *Contact, upTo int) (began []*Run) {
	before := len(c.Runs)
	for c.told < min(upTo, len(c.Log)) {
		c.told++
		w.tell(c, c.Log[c.told-1])
	}
	return c.Runs[before:]
}

// Told is how many events of the contact workflows were told of.
func (c *Contact) Told() int { return c.told }

// Step lets a run that is due do its next action, as of now. false: it is not due.
func (r *Run) Step() bool {
	if !r.Open() || r.Due.IsZero() || r.Due.After(r.now()) {
		return false
	}
	r.goOn(nil)
	return true
}

// BeganAt says when the run began, where that was some moments after the event was told of.
func (r *Run) BeganAt(t time.Time) { r.Started, r.Due = t, t }
