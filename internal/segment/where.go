package segment

// EventTest is what is asked of one event by itself: the tests of Filter.Where, all of which must hold.
type EventTest struct{ where []where }

// CompileWhere checks tests of one event. at is where they stand, for the problems.
func CompileWhere(list []Where, at string) (EventTest, []Problem) {
	p := &parser{}
	t := EventTest{p.wheres(list, at)}
	if len(p.problems) > 0 {
		return EventTest{}, p.problems
	}
	return t, nil
}

// Holds reports whether all tests hold. One without tests holds for every event.
func (t EventTest) Holds(o *Occurrence) bool { return holdAll(t.where, o) }
