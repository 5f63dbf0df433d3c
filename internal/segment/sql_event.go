package segment

import (
	"fmt"
	"slices"
	"strings"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/stats"
)

// event writes that a row of events is one that a test counts. led tells that something else leads to the row, its contact: then
// the index on names, of which there are many events, is left alone, as it is where the template leads to it.
func (b *SQL) event(name event.Name, list []where, machines bool, row string, led bool) string {
	column := row + ".name"
	if led || slices.ContainsFunc(list, where.ofTemplate) {
		column = "+" + column
	}
	sql := fmt.Sprintf("%s = %s AND %s.class <> %d", column, b.term(b.Terms.Name, string(name)), row, stats.OfCandidates)
	if !machines {
		sql += fmt.Sprintf(" AND %s.class <> %d", row, stats.ByMachine)
	}
	for _, w := range list {
		one := b.where(w, row)
		if w.negated {
			one = "NOT " + one
		}
		sql += " AND " + one
	}
	return sql
}

// where writes the test of one event. It is never null.
func (b *SQL) where(w where, row string) string {
	switch w.field {
	case "template":
		if w.ofTemplate() {
			return row + ".template <> 0 AND " + row + ".template = " + b.term(b.Terms.Template, w.lit.text)
		}
		return b.termIs(w, row+".template")
	case "workflow":
		return b.termIs(w, "(SELECT m.workflow FROM messages m WHERE m.ref = "+row+".message)")
	case "source":
		return "EXISTS (SELECT 1 FROM sources s WHERE s.ref = " + row + ".source" + b.and(b.textIs("s.id", w.op, w.lit)) + ")"
	}
	values := "w_" + row
	sql := "EXISTS (SELECT 1 FROM event_values " + values + " WHERE " + values + ".event = " + row + ".id" +
		" AND " + values + ".key = " +
		b.term(b.Terms.Attribute, w.field)
	return sql + b.and(b.compare(values, w.op, w.lit)) + ")"
}

// ofTemplate tells that only events of one template will do.
func (w where) ofTemplate() bool {
	return w.field == "template" && w.op == Equals && !w.negated
}

// termIs tests the text behind an integer; 0 is none.
func (b *SQL) termIs(w where, ref string) string {
	return "EXISTS (SELECT 1 FROM terms t WHERE t.ref = " + ref + b.and(b.textIs("t.text", w.op, w.lit)) + ")"
}

// sequence writes that the steps happened one after the other, the last within the window of the first.
func (b *SQL) sequence(t *test) string {
	rows := make([]string, len(t.steps))
	var tests []string
	for i, s := range t.steps {
		row := fmt.Sprintf("e%d", i)
		rows[i] = "events " + row
		if i > 0 {
			before := fmt.Sprintf("e%d", i-1)
			tests = append(tests, row+".contact = "+before+".contact", fmt.Sprintf(
				"(%[1]s.occurred_at > %[2]s.occurred_at OR %[1]s.occurred_at = %[2]s.occurred_at AND %[1]s.id > %[2]s.id)", row, before),
				row+".occurred_at <= e0.occurred_at + "+b.Arg(t.window))
		}
		tests = append(tests, b.event(s.name, s.where, false, row, i > 0 || b.Each))
	}
	return b.has("e0.contact", strings.Join(rows, ", "), strings.Join(tests, " AND "))
}

// Due is a statement that finds the next time at which a test may turn by time alone, for each contact where it may.
type Due struct {
	SQL  string // has two columns: the contact, and the time in Unix milliseconds, but see Window
	Args []any
	// Window, where it is not 0, tells that the second column is a time as contact.LastBytes writes it, to which Window is
	// to be added, in milliseconds.
	Window int64
}

// Dues writes the statements of a rule. A contact may come more than once.
func (b SQL) Dues(r *Rule) []Due {
	var list []Due
	for _, t := range r.tests {
		b.Args = nil
		if slot := t.field.ev.Slot(); slot != 0 && t.window > 0 && !t.needsLog() {
			last := contact.LastSQL("c.lasts", slot)
			sql := "SELECT c.ref, " + last + " FROM contacts c WHERE c.project = " + b.Arg(b.Project) + " AND " + last + " > " +
				b.Arg(contact.LastBytes(b.Now-t.window))
			list = append(list, Due{sql, b.Args, t.window})
		} else if sql := b.due(t); sql != "" {
			list = append(list, Due{SQL: sql, Args: b.Args})
		}
	}
	return list
}

func (b *SQL) due(t *test) string {
	switch {
	case t.field.name == "suppressed" || t.field.name == "subscribed":
		return "SELECT contact, until FROM suppressions WHERE project = " + b.Arg(b.Project) + " AND lifted_at = 0 AND until > " +
			b.Arg(b.Now)
	case t.field.name == "snoozed":
		return "SELECT c.ref, c.snoozed_until FROM contacts c WHERE c.project = " + b.Arg(b.Project) + " AND c.snoozed_until > " +
			b.Arg(b.Now)
	case t.op == Sequence || t.window == 0:
		return ""
	case t.field.sort != ofEvent:
		return b.dueDate(t)
	case t.needsLog():
		return "SELECT e.contact, min(e.occurred_at) + " + b.Arg(t.window) + " FROM events e WHERE " +
			b.event(t.field.ev, t.where, t.filter.Machines, "e", false) + " AND e.occurred_at > " + b.Arg(b.Now-t.window) +
			" GROUP BY e.contact"
	}
	return "SELECT f.contact, f.last_at + " + b.Arg(t.window) + " FROM contact_events f WHERE f.name = " +
		b.term(b.Terms.Name, string(t.field.ev)) + " AND f.last_at > " + b.Arg(b.Now-t.window)
}

// dueDate is when a date comes, and when it leaves the window.
func (b *SQL) dueDate(t *test) string {
	contact, column, from := "c.ref", columns[t.field.name], "contacts c WHERE c.project = "
	if t.field.name == "" {
		contact, column = "c.contact", "c.number"
		from = "contact_values c WHERE c.kind = 4 AND c.key = " + b.term(b.Terms.Attribute, t.field.path)
	} else {
		from += b.Arg(b.Project)
	}
	return fmt.Sprintf("SELECT %[1]s, CAST(CASE WHEN %[2]s > %[3]s THEN %[2]s ELSE %[2]s + %[4]s END AS BIGINT) FROM %[5]s "+
		"AND %[2]s > %[6]s AND %[2]s <> 0", contact, column, b.number(float64(b.Now)), b.number(float64(t.window)), from,
		b.number(float64(b.Now-t.window)))
}
