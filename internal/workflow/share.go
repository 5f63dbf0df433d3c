package workflow

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

// draw is a number that is by chance, but always the same for one address and seed. It is Mailshot's.
func draw(email, seed string) uint32 {
	sum := sha256.Sum256([]byte(email + ":" + seed))
	return binary.BigEndian.Uint32(sum[:4])
}

// share is the place among weights that a drawn number falls on; -1: there are no weights. Equal weights share as Mailshot
// does, by the rest of a division; others by how far the number lies between the least and the greatest.
func share(n uint32, weights []int) int {
	total, equal := 0, true
	for _, w := range weights {
		total += w
		equal = equal && w == weights[0]
	}
	switch {
	case total == 0:
		return -1
	case equal:
		return int(n % uint32(len(weights))) //nolint:gosec // there are few weights
	}
	at := int(uint64(n) * uint64(total) >> 32) //nolint:gosec // weights are bounded and not negative
	for i, w := range weights {
		if at < w {
			return i
		}
		at -= w
	}
	return len(weights) - 1
}

// Variant is which of a step's variants an address gets; -1: there are none. It is the same place in every step of the
// workflow.
func (g *Graph) Variant(s *Step, email string) int {
	if s.Send == nil || len(s.Send.Variants) == 0 {
		return -1
	}
	weights := make([]int, len(s.Send.Variants))
	for i, v := range s.Send.Variants {
		weights[i] = max(v.Weight, 1)
	}
	return share(draw(email, g.Key), weights)
}

// branch is which way of a split an address takes.
func (g *Graph) branch(s *Step, email string) string {
	seed := s.Split.Seed
	if seed == "" {
		seed = g.Key + ":" + s.ID
	}
	weights := make([]int, len(s.Split.Branches))
	for i, b := range s.Split.Branches {
		weights[i] = b.Weight
	}
	return s.Split.Branches[max(share(draw(email, seed), weights), 0)].Name
}

// name is what a variant at a place is called: a, b, c, … where it has no name.
func (v *Variant) name(i int) string {
	if v.Name != "" {
		return v.Name
	}
	name := ""
	for ; i >= 0; i = i/26 - 1 {
		name = string(rune('a'+i%26)) + name
	}
	return name
}

// VariantName is what the variant of a step at a place is called; empty: there is none.
func (s *Step) VariantName(i int) string {
	if s.Send == nil || i < 0 || i >= len(s.Send.Variants) {
		return ""
	}
	return strings.TrimSpace(s.Send.Variants[i].name(i))
}
