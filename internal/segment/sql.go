package segment

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"tidings/internal/attribute"
	"tidings/internal/contact"
)

// SQL gathers a condition on a row c of contacts. What is True in memory is true there, what is False or Unknown is
// false: a rule is asked for True alone, and a negative operator wants to know no more of its twin. No expression of it
// is ever null.
type SQL struct {
	Engine  string // sqlite or postgres
	Project int64  // the ref of the project, which all contacts belong to
	Now     int64  // Unix milliseconds
	Terms   Terms
	// Each asks for one contact after the other rather than for all at once: where c is a few of many.
	Each bool
	Args []any // of $1, $2, …; what the caller put there before stays
	// Member writes whether c is in a segment.
	Member func(b *SQL, segment string) (string, error)

	lead *test // finds contacts; nil: none does
	led  bool  // other tests than lead are asked of each contact that is found
	err  error
}

// Terms are the kinds of strings that the store keeps as integers.
type Terms struct{ Name, Attribute, Template, Tag int }

// indexed is how many characters of a text are in the index that compares values. Shorter ones stand in it whole.
const indexed = 64

// Arg adds an argument and returns its place.
func (b *SQL) Arg(v any) string {
	b.Args = append(b.Args, v)
	return fmt.Sprintf("$%d", len(b.Args))
}

// Where writes the rule.
func (b *SQL) Where(r *Rule) (string, error) {
	lead, led := b.lead, b.led
	if b.Engine == "sqlite" && !b.Each && !b.led {
		b.lead, b.led = leader(&r.root)
	}
	sql := b.node(&r.root)
	b.lead, b.led = lead, led
	return sql, b.err
}

func (b *SQL) node(n *node) string {
	if n.test != nil {
		return b.test(n.test)
	}
	parts := make([]string, len(n.parts))
	for i := range n.parts {
		parts[i] = b.node(&n.parts[i])
	}
	with := " AND "
	if n.logic == Any {
		with = " OR "
	}
	return "(" + strings.Join(parts, with) + ")"
}

func (b *SQL) test(t *test) string {
	sql := b.ask(t)
	if t.negated {
		return "NOT " + sql
	}
	return sql
}

func (b *SQL) ask(t *test) string {
	if t == b.lead {
		b.led = false
		defer func() { b.led = true }()
	}
	switch {
	case t.field.sort == ofSegment:
		sql, err := b.Member(b, t.segment)
		if err != nil && b.err == nil {
			b.err = err
		}
		return "(" + sql + ")"
	case t.op == Sequence:
		return b.sequence(t)
	case t.field.sort == ofEvent && t.needsLog():
		return b.log(t)
	case t.field.sort == ofEvent:
		return b.seen(t)
	}
	return b.contact(t)
}

// columns are the dates of a contact; 0 is none.
var columns = map[string]string{
	"createdAt": "c.created_at", "updatedAt": "c.updated_at", "firstSeenAt": "c.first_seen", "lastSeenAt": "c.last_seen",
	"lastOpenAt": "c.last_open", "lastClickAt": "c.last_click", "snoozedUntil": "c.snoozed_until",
}

func (b *SQL) contact(t *test) string {
	switch name := t.field.name; name {
	case "":
		return b.hasOwn("v.contact", "contact_values v", "v.key = "+b.term(b.Terms.Attribute, t.field.path)+b.and(b.value(t, "v")))
	case "email":
		return b.text("c.address", t.op, t.lit)
	case "externalId":
		return b.text("c.external_id", t.op, t.lit)
	case "tags":
		return b.hasOwn("k.contact", "contact_tags k JOIN terms t ON t.ref = k.tag", "t.project = "+b.Arg(b.Project)+
			fmt.Sprintf(" AND t.kind = %d", b.Terms.Tag)+b.and(b.textIs("t.text", t.op, t.lit)))
	case "topics":
		return b.topic(t)
	case "subscribed", "unsubscribed", "suppressed", "snoozed":
		return b.truth(t)
	default:
		return "(" + columns[name] + " <> 0" + b.and(b.date(t, columns[name])) + ")"
	}
}

// has is whether there is a row of c: contact is its column of the contact's ref.
func (b *SQL) has(contact, from, where string) string { return rowOf(b.Each, contact, from, where) }

// hasOwn is has for tables that have their rows of a contact side by side.
func (b *SQL) hasOwn(contact, from, where string) string {
	return rowOf(b.Each || b.led, contact, from, where)
}

func rowOf(each bool, contact, from, where string) string {
	if each {
		return "EXISTS (SELECT 1 FROM " + from + " WHERE " + contact + " = c.ref AND " + where + ")"
	}
	return "c.ref IN (SELECT " + contact + " FROM " + from + " WHERE " + where + ")"
}

// aside writes a column so that no index on it is used where contacts are asked for one by one: those on the contact are.
func (b *SQL) aside(column string) string {
	if b.Each || b.led {
		return "+" + column
	}
	return column
}

func (b *SQL) and(sql string) string {
	if sql == "" {
		return ""
	}
	return " AND " + sql
}

// term is the integer of a string; it is null, and so equal to nothing, where nothing has it.
func (b *SQL) term(kind int, text string) string {
	return fmt.Sprintf("(SELECT ref FROM terms WHERE project = %s AND kind = %d AND text = %s)",
		b.Arg(b.Project), kind, b.Arg(text))
}

// value writes the test of a value in rows of kind, number and text; empty: any value will do.
func (b *SQL) value(t *test, row string) string {
	if t.op == Within || t.op == OlderThan {
		return b.aside(row+".kind") + " = 4 AND " + b.date(t, row+".number")
	}
	return b.compare(row, t.op, t.lit)
}

var signs = map[Operator]string{GreaterThan: ">", LessThan: "<", GreaterThanOrEqual: ">=", LessThanOrEqual: "<="}

// compare is compare of memory, for values in rows of kind, number and text.
func (b *SQL) compare(row string, op Operator, l literal) string {
	switch {
	case op == Exists:
		return ""
	case op == Contains:
		return b.aside(row+".kind") + " IN (1, 4) AND " + b.contains(row+".text", l.text)
	case l.kind == attribute.Instant:
		return b.aside(row+".kind") + " = 4 AND " + b.instant(row+".number", op, l)
	case l.kind == attribute.Text && op == Equals && utf8.RuneCountInString(l.text) < indexed:
		return fmt.Sprintf("%s = 1 AND substr(%s.text, 1, %d) = %s", b.aside(row+".kind"), row, indexed, b.Arg(l.text))
	case l.kind == attribute.Text && op == Equals:
		return fmt.Sprintf("%s = 1 AND substr(%s.text, 1, %d) = substr(CAST(%s AS TEXT), 1, %d) AND %s.text = %s",
			b.aside(row+".kind"), row, indexed, b.Arg(l.text), indexed, row, b.Arg(l.text))
	case l.kind == attribute.Text:
		return fmt.Sprintf("%s = 1 AND %s.text %s %s", b.aside(row+".kind"), row, signs[op], b.Arg(l.text))
	}
	sign := "="
	if op != Equals {
		sign = signs[op]
	}
	// Numbers and truths have no text, which leads the index to the number.
	return fmt.Sprintf("%s = %d AND substr(%s.text, 1, %d) = '' AND %s.number %s %s", b.aside(row+".kind"), l.kind, row, indexed,
		row, sign, b.number(l.number))
}

// number adds an argument that is compared with a number or a date: the columns of dates are integers.
func (b *SQL) number(v float64) string { return "CAST(" + b.Arg(v) + " AS DOUBLE PRECISION)" }

// instant compares a date with the span that the literal stands for.
func (b *SQL) instant(column string, op Operator, l literal) string {
	switch op {
	case GreaterThan:
		return column + " >= " + b.number(l.to)
	case LessThan:
		return column + " < " + b.number(l.from)
	case GreaterThanOrEqual:
		return column + " >= " + b.number(l.from)
	case LessThanOrEqual:
		return column + " < " + b.number(l.to)
	}
	return "(" + column + " >= " + b.number(l.from) + " AND " + column + " < " + b.number(l.to) + ")"
}

// date writes the test of a date that is there.
func (b *SQL) date(t *test, column string) string {
	since := float64(b.Now - t.window)
	switch t.op {
	case Exists:
		return ""
	case Within:
		return "(" + column + " > " + b.number(since) + " AND " + column + " <= " + b.number(float64(b.Now)) + ")"
	case OlderThan:
		return column + " <= " + b.number(since)
	}
	return b.instant(column, t.op, t.lit)
}

// contains looks for a text, byte by byte.
func (b *SQL) contains(column, text string) string {
	if b.Engine == "postgres" {
		return "strpos(" + column + ", " + b.Arg(text) + ") > 0"
	}
	return "instr(" + column + ", " + b.Arg(text) + ") > 0"
}

// text tests a column that always is a text; an empty one is none.
func (b *SQL) text(column string, op Operator, l literal) string {
	return "(" + column + " <> ''" + b.and(b.textIs(column, op, l)) + ")"
}

func (b *SQL) textIs(column string, op Operator, l literal) string {
	switch op {
	case Exists:
		return ""
	case Contains:
		return b.contains(column, l.text)
	case Equals:
		return column + " = " + b.Arg(l.text)
	}
	return column + " " + signs[op] + " " + b.Arg(l.text)
}

// truth tests what is always there, true or false.
func (b *SQL) truth(t *test) string {
	if t.op == Exists {
		return "(1 = 1)"
	}
	sql := "c.unsubscribed <> 0"
	switch t.field.name {
	case "suppressed":
		sql = b.suppressed()
	case "snoozed":
		sql = "c.snoozed_until > " + b.Arg(b.Now)
	case "subscribed":
		sql = "(c.unsubscribed = 0 AND NOT " + b.suppressed() + ")"
	}
	if t.lit.number != 0 {
		return "(" + sql + ")"
	}
	return "(NOT " + sql + ")"
}

// topic is whether the contact takes a topic: as it said, else as the topic begins. No such topic is not there.
func (b *SQL) topic(t *test) string {
	sql := "EXISTS (SELECT 1 FROM topics o LEFT JOIN contact_topics k ON k.topic = o.ref AND k.contact = c.ref " +
		"WHERE o.project = " + b.Arg(b.Project) + " AND o.slug = " + b.Arg(t.field.path)
	if t.op == Equals {
		sql += " AND coalesce(k.takes, o.takes) = " + b.Arg(int64(t.lit.number))
	}
	return sql + ")"
}

// domains are how each engine writes the domain of an address, as the index contacts_domain has it, and whether a domain
// lies below another.
var domains = map[string]struct{ of, below string }{
	"sqlite": {
		"substr(%[1]s.address, length(rtrim(%[1]s.address, replace(%[1]s.address, '@', ''))) + 1)",
		"substr(%[1]s, -(length(p.pattern) - 3)) = '.' || substr(p.pattern, 5) AND length(%[1]s) > length(p.pattern) - 3",
	},
	"postgres": {
		"split_part(%[1]s.address, '@', -1)",
		"right(%[1]s, length(p.pattern) - 3) = '.' || substr(p.pattern, 5) AND length(%[1]s) > length(p.pattern) - 3",
	},
}

// suppressed is whether a suppression or a pattern holds.
func (b *SQL) suppressed() string {
	d := domains[b.Engine]
	project := "x.project"
	if b.Each {
		project = "+x.project"
	}
	return "(" + b.has("x.contact", "suppressions x", project+" = "+b.Arg(b.Project)+" AND x.lifted_at = 0 "+
		"AND (x.until = 0 OR x.until > "+b.Arg(b.Now)+")") + " OR " + b.byDomain(d.of) +
		"OR EXISTS (SELECT 1 FROM suppression_patterns p WHERE p.project = c.project AND p.lifted_at = 0 " +
		"AND substr(p.pattern, 1, 4) = '*@*.' AND " + fmt.Sprintf(d.below, fmt.Sprintf(d.of, "c")) + "))"
}

// byDomain is whether a pattern of the contact's very domain holds.
func (b *SQL) byDomain(of string) string {
	if b.Each {
		return "EXISTS (SELECT 1 FROM suppression_patterns p WHERE p.project = c.project AND p.lifted_at = 0 " +
			"AND p.pattern = '*@' || " + fmt.Sprintf(of, "c") + ") "
	}
	return "c.ref IN (SELECT k.ref FROM suppression_patterns p JOIN contacts k ON k.project = p.project AND " +
		fmt.Sprintf(of, "k") + " = substr(p.pattern, 3) WHERE p.project = " + b.Arg(b.Project) + " AND p.lifted_at = 0) "
}

// seen asks what is known of a contact and a name.
func (b *SQL) seen(t *test) string {
	if slot := t.field.ev.Slot(); slot != 0 {
		return b.seenEmail(t, slot)
	}
	those := func(test string) string {
		return b.hasOwn("f.contact", "contact_events f", "f.name = "+b.term(b.Terms.Name, string(t.field.ev))+test)
	}
	since := b.Now - t.window
	switch t.op {
	case TriggeredWithin:
		return those(" AND f.last_at > " + b.Arg(since))
	case TriggeredOlderThan:
		return those(" AND f.last_at <= " + b.Arg(since))
	}
	return b.bounds(t, func(least int64) string { return those(" AND f.n >= " + b.Arg(least)) })
}

// seenEmail asks for the last time of an email event, which the contact has with those of the others. A part of nothing is
// null in SQLite.
func (b *SQL) seenEmail(t *test, slot int) string {
	last, never := contact.LastSQL("c.lasts", slot), b.Arg(contact.LastBytes(0))
	since := func() string { return b.Arg(contact.LastBytes(b.Now - t.window)) }
	switch t.op {
	case TriggeredWithin:
		return "coalesce(" + last + " > " + never + " AND " + last + " > " + since() + ", FALSE)"
	case TriggeredOlderThan:
		return "coalesce(" + last + " > " + never + " AND " + last + " <= " + since() + ", FALSE)"
	}
	return "coalesce(" + last + " > " + never + ", FALSE)"
}

// bounds writes that there are between min and max, given who has at least some number.
func (b *SQL) bounds(t *test, atLeast func(int64) string) string {
	parts := []string{"1 = 1"}
	if t.min > 0 {
		parts = append(parts, atLeast(t.min))
	}
	if t.max >= 0 {
		parts = append(parts, "NOT "+atLeast(t.max+1))
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// log asks the events themselves.
func (b *SQL) log(t *test) string {
	those := func(more, having string) string {
		event := b.event(t.field.ev, t.where, t.filter.Machines, "e", b.Each)
		return b.has("e.contact", "events e", event+more+" GROUP BY e.contact"+having)
	}
	recent := func() string { return " AND e.occurred_at > " + b.Arg(b.Now-t.window) }
	switch t.op {
	case TriggeredOlderThan:
		return "(" + those("", "") + " AND NOT " + those(recent(), "") + ")"
	case TriggeredWithin:
		return b.bounds(t, func(n int64) string { return those(recent(), " HAVING count(*) >= "+b.Arg(n)) })
	}
	return b.bounds(t, func(n int64) string { return those("", " HAVING count(*) >= "+b.Arg(n)) })
}
