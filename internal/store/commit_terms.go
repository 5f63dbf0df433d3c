package store

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"tidings/event"
)

// termCache remembers terms. They are never removed, and change only when they name somebody who is erased,
// so that what was read once holds till then. It is bounded:
// a sender that invents names fills it once and starts it anew.
type termCache struct {
	mu    sync.RWMutex
	refs  map[termKey]int64
	texts map[int64]string
}

const maxTerms = 100_000

func newTermCache() *termCache {
	return &termCache{refs: make(map[termKey]int64), texts: make(map[int64]string)}
}

func (c *termCache) ref(k termKey) (int64, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ref, ok := c.refs[k]
	return ref, ok
}

func (c *termCache) text(ref int64) (string, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t, ok := c.texts[ref]
	return t, ok
}

func (c *termCache) add(k termKey, ref int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.refs) >= maxTerms {
		clear(c.refs)
		clear(c.texts)
	}
	c.refs[k] = ref
	c.texts[ref] = k.text
}

// forget empties the cache.
func (c *termCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.refs)
	clear(c.texts)
}

func domainOf(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return address[i+1:]
	}
	return ""
}

// want notes a term that the batch needs.
func (w *work) want(project int64, kind int, text string) {
	if text == "" {
		return
	}
	k := termKey{project, kind, text}
	if _, ok := w.terms[k]; ok {
		return
	}
	ref, _ := w.store.terms.ref(k)
	w.terms[k] = &termRow{termKey: k, ref: ref}
}

// putTerms finds the integers of every string that the batch needs.
func (w *work) putTerms() error {
	for _, e := range w.events {
		w.want(e.project, termName, string(e.Name))
		w.want(e.project, termDomain, domainOf(e.Recipient))
		w.want(0, termProvider, e.entry.Source.Provider)
		if m := e.Message; m != nil {
			w.want(e.project, termTemplate, m.Template)
			w.want(e.project, termWorkflow, m.Workflow)
			w.want(e.project, termDomain, m.SenderDomain)
			w.want(e.project, termAccount, m.Account)
			for _, tag := range m.Tags {
				w.want(e.project, termTag, tag)
			}
		}
		for key := range e.Values {
			w.want(e.project, termAttribute, key)
		}
		w.want(e.project, termReason, e.reason)
		w.want(e.project, termLink, e.link)
	}
	if err := w.findTerms(); err != nil {
		return err
	}
	for _, e := range w.events {
		e.name = w.termRef(e.project, termName, string(e.Name))
	}
	return nil
}

// findTerms finds or makes the integers of what is wanted and not known yet.
func (w *work) findTerms() error {
	var missing []*termRow
	for _, t := range w.terms {
		if t.ref == 0 {
			missing = append(missing, t)
		}
	}
	slices.SortFunc(missing, func(a, b *termRow) int {
		return cmp.Or(cmp.Compare(a.project, b.project), cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text))
	})
	if len(missing) == 0 {
		return nil
	}
	return w.b.putTerms(w.ctx, missing)
}

func (w *work) termRef(project int64, kind int, text string) int64 {
	if t, ok := w.terms[termKey{project, kind, text}]; ok {
		return t.ref
	}
	return 0
}

// ownTerm finds or makes the integer of one term that came up on the way.
func (w *work) ownTerm(project int64, kind int, text string) (int64, error) {
	k := termKey{project, kind, text}
	if t, ok := w.terms[k]; ok && t.ref != 0 {
		return t.ref, nil
	}
	if ref, ok := w.store.terms.ref(k); ok {
		return ref, nil
	}
	t := &termRow{termKey: k}
	if err := w.b.putTerms(w.ctx, []*termRow{t}); err != nil {
		return 0, err
	}
	w.terms[k] = t
	return t.ref, nil
}

// nameRef is the integer of an event name that the batch may not hold; 0 where no event ever had it.
func (w *work) nameRef(project int64, name event.Name) (int64, error) {
	return w.anyTermRef(termKey{project, termName, string(name)})
}

// anyTermRef is the integer of a term that the batch may not hold; 0 for "" and where there is none.
func (w *work) anyTermRef(k termKey) (int64, error) {
	if k.text == "" {
		return 0, nil
	}
	if t, ok := w.terms[k]; ok {
		return t.ref, nil
	}
	if ref, ok := w.store.terms.ref(k); ok {
		return ref, nil
	}
	var ref int64
	_, err := one(w.ctx, w.b, `SELECT ref FROM terms WHERE project = $1 AND kind = $2 AND text = $3`,
		[]any{k.project, k.kind, k.text}, &ref)
	return ref, err
}

// termText is the text of a term that may be from another batch.
func (w *work) termText(ref int64) (string, error) {
	if ref == 0 {
		return "", nil
	}
	if t, ok := w.store.terms.text(ref); ok {
		return t, nil
	}
	var text string
	_, err := one(w.ctx, w.b, `SELECT text FROM terms WHERE ref = $1`, []any{ref}, &text)
	return text, err
}

// keepTerms remembers the batch's terms once they are committed.
func (w *work) keepTerms() {
	for k, t := range w.terms {
		w.store.terms.add(k, t.ref)
	}
}
