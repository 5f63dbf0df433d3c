package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
)

// secure_delete overwrites what is deleted, but not what SQLite leaves behind where it moves rows between pages, nor what was
// deleted before it was on. So the bytes of pages that belong to no row are overwritten here: VACUUM would do that, too, but
// nobody could write meanwhile, for ten seconds a gigabyte. The format is that of https://www.sqlite.org/fileformat2.html.

const (
	// slackChunk is how many pages one transaction cleans.
	slackChunk = 128
	// slackPasses is how often a tree is walked: pages that move between the walk and the cleaning are found by the next.
	slackPasses = 4
)

// pageSource reads pages of a SQLite file, through SQLite.
type pageSource struct {
	c    *sqlite.Conn
	read *sqlite.Stmt
	buf  []byte
}

func newPageSource(c *sqlite.Conn) (*pageSource, error) {
	read, err := c.Prepare(`SELECT data FROM sqlite_dbpage('main') WHERE pgno = ?1`)
	return &pageSource{c: c, read: read}, err
}

// page reads a page. It holds until the next one is read.
func (s *pageSource) page(n uint32) (page []byte, err error) {
	s.read.BindInt64(1, int64(n))
	found, err := step(s.read, func() {
		if size := s.read.ColumnLen(0); len(s.buf) != size {
			s.buf = make([]byte, size)
		}
		s.read.ColumnBytes(0, s.buf)
	})
	if err == nil && !found {
		err = errPage
	}
	if err != nil {
		return nil, fmt.Errorf("read page %d: %w", n, err)
	}
	return s.buf, nil
}

// tree reads a page of a table or an index. It holds until the next page is read.
func (s *pageSource) tree(n uint32) (p btreePage, err error) {
	bytes, err := s.page(n)
	if err != nil {
		return p, err
	}
	return parsePage(n, bytes)
}

var errPage = errors.New("the file has a page that is not as its format says")

// slackWalk finds the pages of a tree that have something to clean.
type slackWalk struct {
	ctx   context.Context // of the one call that this value lives for
	pages *pageSource
	path  []uint32
	found [][]uint32 // paths from the root to them
}

func (w *slackWalk) walk(n uint32, depth int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	p, err := w.pages.tree(n)
	if err != nil || depth > maxDepth {
		return errors.Join(err, fmt.Errorf("page %d, %d deep", n, depth))
	}
	w.path = append(w.path, n)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	children := p.children()
	tails, err := p.tails()
	if err != nil {
		return err
	}
	dirty, err := p.clean()
	if err != nil {
		return err
	}
	for _, t := range tails {
		if dirty {
			break
		}
		if dirty, err = w.pages.tail(t, nil); err != nil {
			return err
		}
	}
	if dirty {
		w.found = append(w.found, slices.Clone(w.path))
	}
	for _, child := range children {
		if err := w.walk(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// maxDepth is deeper than any tree of SQLite.
const maxDepth = 30

// tail looks at the last page of what a cell has elsewhere: what follows its bytes belongs to nobody. write, which may be nil,
// stores the page cleaned.
func (s *pageSource) tail(c cell, write func(n uint32, page []byte) error) (dirty bool, err error) {
	for n, rest := c.overflow, c.rest; ; {
		bytes, err := s.page(n)
		if err != nil {
			return false, err
		}
		if rest > len(bytes)-4 {
			rest -= len(bytes) - 4
			if n = binary.BigEndian.Uint32(bytes); n == 0 {
				return false, errPage
			}
			continue
		}
		if !zero(bytes[4+rest:]) {
			return false, nil
		}
		if write != nil {
			err = write(n, bytes)
		}
		return true, err
	}
}

// slackClean cleans pages within one transaction.
type slackClean struct {
	pages    *pageSource
	write    *sqlite.Stmt
	children map[uint32][]uint32 // of interior pages, as they are now
}

func newSlackClean(c *sqlite.Conn) (*slackClean, error) {
	pages, err := newPageSource(c)
	if err != nil {
		return nil, err
	}
	write, err := c.Prepare(`UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1`)
	return &slackClean{pages: pages, write: write, children: make(map[uint32][]uint32)}, err
}

func (w *slackClean) put(n uint32, page []byte) error {
	w.write.BindInt64(1, int64(n))
	w.write.BindBytes(2, page)
	_, err := step(w.write, nil)
	if err != nil {
		return fmt.Errorf("write page %d: %w", n, err)
	}
	return nil
}

// clean cleans the page at the end of a path, if the path still leads there: only then it is known what the page is.
func (w *slackClean) clean(path []uint32) (there bool, err error) {
	for i, n := range path[:len(path)-1] {
		if _, known := w.children[n]; !known {
			p, err := w.pages.tree(n)
			if err != nil {
				return false, err
			}
			w.children[n] = p.children()
		}
		if !slices.Contains(w.children[n], path[i+1]) {
			return false, nil
		}
	}
	n := path[len(path)-1]
	p, err := w.pages.tree(n)
	if err != nil {
		return false, err
	}
	tails, err := p.tails()
	if err != nil {
		return false, err
	}
	changed, err := p.clean()
	if err == nil && changed {
		err = w.put(n, p.bytes)
	}
	for _, t := range tails {
		if err == nil {
			_, err = w.pages.tail(t, w.put)
		}
	}
	return true, err
}

// freePages lists the pages that are in use by nobody: trunks, which list the others, and those.
func (s *pageSource) freePages() (trunks, leaves []uint32, err error) {
	first, err := s.page(1)
	if err != nil {
		return nil, nil, err
	}
	for trunk := binary.BigEndian.Uint32(first[32:]); trunk != 0; {
		page, err := s.page(trunk)
		if err != nil {
			return nil, nil, err
		}
		trunks = append(trunks, trunk)
		count := int(binary.BigEndian.Uint32(page[4:]))
		if 8+4*count > len(page) {
			return nil, nil, errPage
		}
		for i := range count {
			leaves = append(leaves, binary.BigEndian.Uint32(page[8+4*i:]))
		}
		trunk = binary.BigEndian.Uint32(page)
	}
	return trunks, leaves, nil
}

// dirtyFree finds free pages that hold something.
func (s *pageSource) dirtyFree() (dirty []uint32, err error) {
	trunks, leaves, err := s.freePages()
	if err != nil {
		return nil, err
	}
	for _, n := range trunks {
		page, err := s.page(n)
		if err != nil {
			return nil, err
		}
		if zero(freeRest(page)) {
			dirty = append(dirty, n)
		}
	}
	for _, n := range leaves {
		page, err := s.page(n)
		if err != nil {
			return nil, err
		}
		if zero(page) {
			dirty = append(dirty, n)
		}
	}
	return dirty, nil
}

// freeRest is what follows the list of a trunk.
func freeRest(page []byte) []byte {
	return page[min(len(page), 8+4*int(binary.BigEndian.Uint32(page[4:]))):]
}

// free cleans those of pages that are in use by nobody still.
func (w *slackClean) free(pages []uint32) error {
	trunks, leaves, err := w.pages.freePages()
	if err != nil {
		return err
	}
	kind := make(map[uint32]func([]byte) []byte, len(trunks)+len(leaves))
	for _, n := range trunks {
		kind[n] = freeRest
	}
	for _, n := range leaves {
		kind[n] = func(page []byte) []byte { return page }
	}
	for _, n := range pages {
		rest := kind[n]
		if rest == nil {
			continue
		}
		page, err := w.pages.page(n)
		if err != nil {
			return err
		}
		if !zero(rest(page)) {
			continue
		}
		if err := w.put(n, page); err != nil {
			return err
		}
	}
	return nil
}
