package simulate

// stream puts the facts of all messages into the order in which they happened. It holds only the facts of messages
// that are sent already, so its memory is bounded by how long a message lives.
type stream struct {
	world *world
	next  int64  // the next message
	heap  []Fact // a binary heap, the earliest first
	fresh []Fact // scratch
}

// earlier is a total order, so that runs repeat.
func (f Fact) earlier(g Fact) bool {
	if f.at != g.at {
		return f.at < g.at
	}
	if f.message != g.message {
		return f.message < g.message
	}
	return f.serial < g.serial
}

// pull returns the next fact. It never ends: there is always another message.
func (s *stream) pull() Fact {
	for len(s.heap) == 0 || s.heap[0].at >= s.world.sentAt(s.next).UnixMilli() {
		s.fresh = s.world.life(s.world.message(s.next), s.fresh[:0])
		s.next++
		for _, f := range s.fresh {
			s.push(f)
		}
	}
	return s.pop()
}

func (s *stream) push(f Fact) {
	s.heap = append(s.heap, f)
	i := len(s.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !s.heap[i].earlier(s.heap[parent]) {
			return
		}
		s.heap[i], s.heap[parent] = s.heap[parent], s.heap[i]
		i = parent
	}
}

func (s *stream) pop() Fact {
	first := s.heap[0]
	last := len(s.heap) - 1
	s.heap[0] = s.heap[last]
	s.heap = s.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if right := child + 1; right < last && s.heap[right].earlier(s.heap[child]) {
			child = right
		}
		if !s.heap[child].earlier(s.heap[i]) {
			return first
		}
		s.heap[i], s.heap[child] = s.heap[child], s.heap[i]
		i = child
	}
}
