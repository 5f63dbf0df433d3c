package store

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// btreePage is a page of a table or an index.
type btreePage struct {
	bytes []byte
	head  int // where its header begins: 100 on the first page of the file
	leaf  bool
	table bool
	cells []int // where they begin
}

// The kinds of pages.
const (
	indexInterior = 2
	tableInterior = 5
	indexLeaf     = 10
	tableLeaf     = 13
)

func parsePage(n uint32, bytes []byte) (p btreePage, err error) {
	p.bytes = bytes
	if n == 1 {
		p.head = 100
	}
	kind := bytes[p.head]
	switch kind {
	case indexInterior, tableInterior, indexLeaf, tableLeaf:
	default:
		return p, fmt.Errorf("page %d: %w", n, errPage)
	}
	p.leaf, p.table = kind >= indexLeaf, kind == tableInterior || kind == tableLeaf
	count := int(binary.BigEndian.Uint16(bytes[p.head+3:]))
	array := p.array()
	if array+2*count > len(bytes) {
		return p, fmt.Errorf("page %d: %w", n, errPage)
	}
	for i := range count {
		p.cells = append(p.cells, int(binary.BigEndian.Uint16(bytes[array+2*i:])))
	}
	return p, nil
}

// array is where the places of cells begin.
func (p *btreePage) array() int {
	if p.leaf {
		return p.head + 8
	}
	return p.head + 12
}

// children are the pages below an interior one.
func (p *btreePage) children() (list []uint32) {
	if p.leaf {
		return nil
	}
	for _, at := range p.cells {
		list = append(list, binary.BigEndian.Uint32(p.bytes[at:]))
	}
	return append(list, binary.BigEndian.Uint32(p.bytes[p.head+8:]))
}

// cell is how a row lies in a page.
type cell struct {
	size     int    // in the page
	overflow uint32 // the first page of the rest; 0: there is none
	rest     int    // bytes there
}

// cellAt reads the cell that begins at a place. usable is the bytes of a page.
func (p *btreePage) cellAt(at int) (c cell, err error) {
	b, usable := p.bytes[at:], len(p.bytes)
	n := 0
	if !p.leaf {
		n = 4
	}
	payload, k := varint(b[n:])
	if k == 0 {
		return c, errPage
	}
	n += k
	if p.table {
		if !p.leaf {
			return cell{size: max(n, 4)}, nil // the varint was the key
		}
		_, k := varint(b[n:])
		if k == 0 {
			return c, errPage
		}
		n += k
	}
	most := usable - 35
	if !p.table {
		most = (usable-12)*64/255 - 23
	}
	local := payload
	if payload > most {
		least := (usable-12)*32/255 - 23
		if local = least + (payload-least)%(usable-4); local > most {
			local = least
		}
		if n+local+4 > len(b) {
			return c, errPage
		}
		c.overflow, c.rest = binary.BigEndian.Uint32(b[n+local:]), payload-local
		local += 4
	}
	if c.size = max(n+local, 4); at+c.size > usable {
		return c, errPage
	}
	return c, nil
}

// varint reads a number of SQLite: seven bits a byte, most significant first, all eight of a ninth. n is 0 where there is none.
func varint(b []byte) (v, n int) {
	var u uint64
	for i := range min(9, len(b)) {
		if i == 8 {
			return int(u<<8 | uint64(b[8])), 9
		}
		u = u<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return int(u), i + 1
		}
	}
	return 0, 0
}

// clean writes zeros over the bytes of a page that belong to no row, and reports whether there were others.
func (p *btreePage) clean() (changed bool, err error) {
	type span struct{ from, to int }
	used := []span{{0, p.array() + 2*len(p.cells)}}
	for _, at := range p.cells {
		c, err := p.cellAt(at)
		if err != nil {
			return false, err
		}
		used = append(used, span{at, at + c.size})
	}
	for at, n := int(binary.BigEndian.Uint16(p.bytes[p.head+1:])), 0; at != 0; n++ {
		if at+4 > len(p.bytes) || n > len(p.bytes) {
			return false, errPage
		}
		used = append(used, span{at, at + 4}) // a free block: where the next one is, and its size
		at = int(binary.BigEndian.Uint16(p.bytes[at:]))
	}
	slices.SortFunc(used, func(a, b span) int { return a.from - b.from })
	end := 0
	for _, u := range append(used, span{len(p.bytes), len(p.bytes)}) {
		if u.from > end {
			changed = zero(p.bytes[end:u.from]) || changed
		}
		end = max(end, u.to)
	}
	return changed, nil
}

// zero reports whether it changed something.
func zero(b []byte) (changed bool) {
	for i := range b {
		if b[i] != 0 {
			clear(b[i:])
			return true
		}
	}
	return false
}

// tails are the cells of a page that go on elsewhere.
func (p *btreePage) tails() (list []cell, err error) {
	for _, at := range p.cells {
		c, err := p.cellAt(at)
		if err != nil {
			return nil, err
		}
		if c.overflow != 0 {
			list = append(list, c)
		}
	}
	return list, nil
}
