package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"tidings/internal/simulate"
)

// A file of signatures holds what can't be made fast enough while the clock runs: a header that says which story was
// signed, then the signature of each of its notifications. The notifications themselves are made again from the story.
const (
	signatureSize = 256
	headerSize    = 64
	magic         = "tidings signatures 1\n"
)

// story is what the notifications of a benchmark are made of.
type story struct {
	seed       uint64
	start      time.Time
	events     int64
	recipients int64
}

// eventsPerRecipient makes a population that grows with the load: each person gets about ten mails.
const eventsPerRecipient = 24

func newStory(events int64) story {
	return story{
		seed:       1,
		start:      time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -10),
		events:     events,
		recipients: max(1000, events/eventsPerRecipient),
	}
}

func (s story) options() simulate.Options {
	return simulate.Options{Seed: s.seed, Start: s.start, Events: s.events, Recipients: int(s.recipients)}
}

func (s story) header() []byte {
	h := make([]byte, headerSize)
	copy(h, magic)
	binary.BigEndian.PutUint64(h[24:], s.seed)
	binary.BigEndian.PutUint64(h[32:], uint64(s.start.UnixMilli()))
	binary.BigEndian.PutUint64(h[40:], uint64(s.events))
	binary.BigEndian.PutUint64(h[48:], uint64(s.recipients))
	return h
}

func readStory(r io.Reader) (story, error) {
	h := make([]byte, headerSize)
	if _, err := io.ReadFull(r, h); err != nil || string(h[:len(magic)]) != magic {
		return story{}, errors.New("not a file of signatures")
	}
	return story{
		seed:       binary.BigEndian.Uint64(h[24:]),
		start:      time.UnixMilli(int64(binary.BigEndian.Uint64(h[32:]))).UTC(),
		events:     int64(binary.BigEndian.Uint64(h[40:])),
		recipients: int64(binary.BigEndian.Uint64(h[48:])),
	}, nil
}

// prepared is a story with its signatures.
type prepared struct {
	story
	path     string
	identity *simulate.Identity
}

// prepare signs a story of so many events in dir, or finds the one that was signed there before. progress is told how
// many are signed.
func prepare(ctx context.Context, dir string, events int64, progress func(done, total int64)) (prepared, error) {
	id, err := simulate.LoadIdentity(filepath.Join(dir, "key.pem"))
	if err != nil {
		return prepared{}, err
	}
	p := prepared{story: newStory(events), path: filepath.Join(dir, fmt.Sprintf("signatures-%d.bin", events)), identity: id}
	found, err := p.find()
	if err != nil || found {
		return p, err
	}
	if err := p.sign(ctx, progress); err != nil {
		return p, errors.Join(fmt.Errorf("sign the load: %w", err), os.Remove(p.path+".part"))
	}
	return p, os.Rename(p.path+".part", p.path)
}

// find takes over the story of a file that is there already.
func (p *prepared) find() (bool, error) {
	f, err := os.Open(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open signatures: %w", err)
	}
	defer f.Close()
	s, err := readStory(f)
	if err != nil {
		return false, fmt.Errorf("open signatures %s: %w", p.path, err)
	}
	p.story = s
	return true, nil
}

// chunk is a run of notifications that one worker signs.
type chunk struct {
	facts []simulate.Fact
	done  chan []byte
}

const chunkSize = 256

// sign signs with every core, and writes in the order of the story.
func (p *prepared) sign(ctx context.Context, progress func(done, total int64)) error {
	f, err := os.Create(p.path + ".part")
	if err != nil {
		return err
	}
	defer f.Close()
	script := simulate.NewScript(p.options())
	workers := runtime.NumCPU()
	work, order := make(chan chunk), make(chan chunk, 2*workers)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(work)
		defer close(order)
		for made := int64(0); made < p.events; {
			c := chunk{done: make(chan []byte, 1)}
			for ; made < p.events && len(c.facts) < chunkSize; made++ {
				c.facts = append(c.facts, script.Next())
			}
			for _, to := range []chan<- chunk{order, work} {
				select {
				case to <- c:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range workers {
		group.Go(func() error { return p.signChunks(script, work) })
	}
	group.Go(func() error { return p.write(ctx, f, order, progress) })
	if err := group.Wait(); err != nil {
		return err
	}
	return f.Sync()
}

func (p *prepared) signChunks(script *simulate.Script, work <-chan chunk) error {
	var e simulate.Envelope
	var text []byte
	for c := range work {
		signatures := make([]byte, 0, len(c.facts)*signatureSize)
		for _, f := range c.facts {
			script.Envelope(&e, f)
			text = e.Canonical(text[:0])
			signature, err := p.identity.SignText(text)
			if err != nil {
				return err
			}
			signatures = append(signatures, signature...)
		}
		c.done <- signatures
	}
	return nil
}

func (p *prepared) write(ctx context.Context, f io.Writer, order <-chan chunk, progress func(done, total int64)) error {
	w := bufio.NewWriterSize(f, 1<<20)
	if _, err := w.Write(p.header()); err != nil {
		return err
	}
	written := int64(0)
	for c := range order {
		select {
		case signatures := <-c.done:
			if _, err := w.Write(signatures); err != nil {
				return err
			}
			written += int64(len(signatures) / signatureSize)
			progress(written, p.events)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return w.Flush()
}
