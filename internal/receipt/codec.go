package receipt

import (
	"embed"
	"errors"
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"
)

// MaxSize is the largest body that is kept, uncompressed, in bytes; the same bound holds when it is read back.
const MaxSize = 64 << 20

// Block is the compressed form of bodies that were joined: those of one transaction share so much that one costs half of
// what it costs alone. Codec says how: 0 stored as it is, else the number of a dictionary, or Plain.
type Block struct {
	Codec uint8
	Bytes []byte
	Size  int // uncompressed, in bytes
}

// Plain is the Block.Codec of what was compressed without a dictionary.
const Plain uint8 = 255

// samples are what the dictionaries are made of: samples of what they compress, joined in the order of their names,
// the most frequent last, because what stands last is nearest. A dictionary is never changed once released: bodies
// need theirs for as long as they live. A better one gets the next number.
//
//go:embed dict
var samples embed.FS

// dictionaries lists every dictionary, old ones too. The newest of a provider stands last and is the one in use.
var dictionaries = []dict{
	{1, "ses", "dict/1-ses"},
	{detailDict, "", "dict/1-detail"},
}

type dict struct {
	number   uint8
	provider string // "" is the dictionary of event details
	folder   string
}

// options are what a dictionary's encoder does otherwise than the others. A detail is short and mostly in its
// dictionary: entropy coding takes 2 of 7 microseconds and saves nothing (BenchmarkEncodeDetail), and there is no room
// for a checksum.
func (d dict) options() []zstd.EOption {
	if d.provider != "" {
		return nil
	}
	return []zstd.EOption{zstd.WithNoEntropyCompression(true), zstd.WithEncoderCRC(false)}
}

// detailDict is the number of the dictionary of event details in use. It is also the first byte of a compressed
// detail, so it must differ from '{', with which a detail that is not compressed begins.
const detailDict = 64

// Codec compresses and decompresses what is stored. It is safe for concurrent use, starts no goroutines, and keeps
// one set of tables (about half a megabyte) for each dictionary and processor. Make it once, with NewCodec.
type Codec struct {
	byProvider map[string]encoder
	plain      encoder
	detail     encoder
	decoder    *zstd.Decoder
}

type encoder struct {
	number uint8
	zstd   *zstd.Encoder
}

// NewCodec makes a Codec with all dictionaries. It fails only if the program was built wrongly.
func NewCodec() (*Codec, error) {
	c := &Codec{byProvider: map[string]encoder{}}
	options := []zstd.DOption{
		zstd.WithDecoderMaxMemory(MaxSize), zstd.WithDecoderConcurrency(0),
	}
	for _, d := range dictionaries {
		content, err := dictionary(d.folder)
		if err != nil {
			return nil, err
		}
		options = append(options, zstd.WithDecoderDictRaw(uint32(d.number), content))
		e, err := newEncoder(d.number, append(d.options(), zstd.WithEncoderDictRaw(uint32(d.number), content))...)
		if err != nil {
			return nil, err
		}
		if d.provider == "" {
			c.detail = e
		} else {
			c.byProvider[d.provider] = e
		}
	}
	var err error
	if c.plain, err = newEncoder(Plain); err != nil {
		return nil, err
	}
	if c.decoder, err = zstd.NewReader(nil, options...); err != nil {
		return nil, fmt.Errorf("make decoder: %w", err)
	}
	return c, nil
}

func newEncoder(number uint8, options ...zstd.EOption) (encoder, error) {
	// EncodeAll works in the caller's goroutine; the concurrency is how many callers may do so at once.
	options = append(options, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)))
	z, err := zstd.NewWriter(nil, options...)
	if err != nil {
		return encoder{}, fmt.Errorf("make encoder %d: %w", number, err)
	}
	return encoder{number: number, zstd: z}, nil
}

func dictionary(folder string) ([]byte, error) {
	files, err := samples.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read dictionary: %w", err)
	}
	var content []byte
	for _, f := range files {
		b, err := samples.ReadFile(folder + "/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read dictionary: %w", err)
		}
		content = append(content, b...)
	}
	return content, nil
}

// Compress makes the stored form of joined bodies; the dictionary is that of provider, whose body stands first. It keeps
// the bytes themselves where compressing does not make them fewer.
func (c *Codec) Compress(provider string, keep []byte) Block {
	e, ok := c.byProvider[provider]
	if !ok {
		e = c.plain
	}
	out := e.zstd.EncodeAll(keep, make([]byte, 0, 256+len(keep)/8))
	if len(out) >= len(keep) {
		return Block{Bytes: keep, Size: len(keep)}
	}
	return Block{Codec: e.number, Bytes: out, Size: len(keep)}
}

var errSize = errors.New("size differs from the one that was stored with it")

// Decompress returns the bytes as they were given to Compress. It fails where the size is
// over MaxSize or not the size of what comes out.
func (c *Codec) Decompress(b Block) ([]byte, error) {
	if b.Codec == 0 {
		return b.Bytes, nil
	}
	if b.Size < 0 || b.Size > MaxSize {
		return nil, fmt.Errorf("decompress block of %d bytes: over the limit of %d", b.Size, MaxSize)
	}
	var frame zstd.Header
	if err := frame.Decode(b.Bytes); err != nil {
		return nil, fmt.Errorf("decompress block: %w", err)
	}
	if frame.HasFCS && frame.FrameContentSize != uint64(b.Size) {
		return nil, fmt.Errorf("decompress block: %w", errSize)
	}
	out, err := c.decoder.DecodeAll(b.Bytes, make([]byte, 0, b.Size))
	if err != nil {
		return nil, fmt.Errorf("decompress block with dictionary %d: %w", b.Codec, err)
	}
	if len(out) != b.Size {
		return nil, fmt.Errorf("decompress block: %w", errSize)
	}
	return out, nil
}
