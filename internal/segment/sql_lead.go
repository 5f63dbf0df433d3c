package segment

import "tidings/internal/attribute"

// leader is the test by which the contacts of a rule are best found, where all of it must hold; nil: they are all gone
// through. led tells that the other tests are asked of each contact that comes of that. SQLite needs to be told; PostgreSQL
// knows how many each test finds.
func leader(root *node) (lead *test, led bool) {
	best := len(leads)
	var look func(n *node)
	look = func(n *node) {
		if n.test != nil && !n.test.negated {
			for rank := range best {
				if leads[rank](n.test) {
					lead, best = n.test, rank
					break
				}
			}
		}
		if n.logic == Any {
			return
		}
		for i := range n.parts {
			look(&n.parts[i])
		}
	}
	look(root)
	return lead, root.logic != Any
}

// leads are kinds of tests, those first that find few contacts and find them in order.
var leads = [...]func(*test) bool{
	func(t *test) bool { return t.op == Equals && t.field.name == "externalId" },
	func(t *test) bool { return t.field.sort == ofEvent && t.needsLog() && t.min > 0 },
	func(t *test) bool { return t.op == Equals && t.field.name == "tags" },
	func(t *test) bool { return t.op == Equals && t.field.sort == ofData && t.lit.kind == attribute.Text },
	func(t *test) bool { return t.field.sort == ofEvent && t.field.ev.Slot() == 0 && t.min > 0 },
	func(t *test) bool { return t.op == Equals && t.field.sort == ofData },
}
