package pull

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// A compressed file may grow by maxGrowth once it is larger than freeGrowth bytes: archives of events grow by ten to
// forty, and a file of nothing but zeros by a thousand.
const (
	freeGrowth = 64 << 20
	maxGrowth  = 200
)

var errBomb = errors.New("the file is more than 200 times as large when it is decompressed: that is no archive of events")

// counting counts what is read from a file.
type counting struct {
	from io.Reader
	n    int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// plainOf returns a file without its compression, which is told by its first bytes, and what to ask how much was read.
func plainOf(file io.Reader) (plain *bufio.Reader, read *counting, err error) {
	read = &counting{from: file}
	b := bufio.NewReaderSize(read, 64<<10)
	if magic, _ := b.Peek(2); len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		return b, read, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, nil, fmt.Errorf("read gzip: %w", endedEarly(err))
	}
	return bufio.NewReaderSize(&bounded{z: z, read: read}, 64<<10), read, nil
}

// bounded reads from a compressed stream until it is clear that it is a bomb.
type bounded struct {
	z    *gzip.Reader
	read *counting
	n    int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.z.Read(p)
	b.n += int64(n)
	if b.n > freeGrowth && b.n/maxGrowth > b.read.n {
		return n, errBomb
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read gzip: %w", err)
	}
	return n, err
}

// endedEarly turns an end within a header into one that says so.
func endedEarly(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
