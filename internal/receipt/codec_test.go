package receipt_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"tidings/internal/receipt"
)

func newCodec(tb testing.TB) *receipt.Codec {
	tb.Helper()
	c, err := receipt.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func samples(tb testing.TB, folder string) (names []string, all []byte) {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join("dict", folder, "*"))
	if err != nil || len(names) == 0 {
		tb.Fatalf("samples of %s: %v, %v", folder, names, err)
	}
	for _, n := range names {
		all = append(all, read(tb, n)...)
	}
	return names, all
}

func read(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Stored bodies need the dictionary that they were made with. After the first release a line is added here for a new
// dictionary, none is ever changed.
func TestAReleasedDictionaryNeverChanges(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]string{
		"1-ses":    "6b4d08538242414f68265f62ae9a402a677a389aec379f505f2d022abf5d8b6c",
		"1-detail": "1bbac1ef92772e90d29bc60be9703aba0a844ba0990b9d942af42a20b3e469fd",
	} {
		_, all := samples(t, folder)
		if got := sha256.Sum256(all); hex.EncodeToString(got[:]) != want {
			t.Errorf("dictionary %s has SHA-256 %x, want %s", folder, got, want)
		}
	}
}

func TestABodyComesBackAsItWas(t *testing.T) {
	t.Parallel()
	c := newCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.OneOf(
			rapid.SliceOfN(rapid.Byte(), 0, 300),
			rapid.Map(rapid.StringN(0, 200, -1), func(s string) []byte { return []byte(strings.Repeat(s, 9)) }),
		).Draw(t, "body")
		stored := c.Compress(rapid.SampledFrom([]string{"ses", "other"}).Draw(t, "provider"), body)
		if stored.Size != len(body) || len(stored.Bytes) > len(body) {
			t.Fatalf("stored %d bytes and size %d for a body of %d", len(stored.Bytes), stored.Size, len(body))
		}
		got, err := c.Decompress(stored)
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%q came back as %q, %v", body, got, err)
		}
	})
}

// variant is a sample as another message would have it: with digits of its own.
func variant(sample []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0' + (r-'0'+3)%10
		}
		return r
	}, sample)
}

func TestBodiesOfAKnownShapeShrinkToAQuarter(t *testing.T) {
	t.Parallel()
	c := newCodec(t)
	names, _ := samples(t, "1-ses")
	var before, after int
	for _, n := range names {
		body := variant(read(t, n))
		stored := c.Compress("ses", body)
		if stored.Codec != 1 {
			t.Errorf("%s: compressed with dictionary %d, want 1", n, stored.Codec)
		}
		before, after = before+len(body), after+len(stored.Bytes)
	}
	t.Logf("%d bytes became %d", before, after)
	if after*4 > before {
		t.Errorf("%d bytes became %d, want a quarter at most", before, after)
	}
}

func TestABodyThatDoesNotShrinkIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	body := []byte("\x01\x02\x03")
	if got := newCodec(t).Compress("ses", body); got.Codec != 0 || !bytes.Equal(got.Bytes, body) {
		t.Errorf("stored as %+v", got)
	}
}

func TestAnotherProvidersBodyIsCompressedWithoutADictionary(t *testing.T) {
	t.Parallel()
	if got := newCodec(t).Compress("other", bytes.Repeat([]byte("again "), 50)); got.Codec != receipt.Plain {
		t.Errorf("compressed with %d, want %d", got.Codec, receipt.Plain)
	}
}

func TestADamagedBodyIsRefused(t *testing.T) {
	t.Parallel()
	c := newCodec(t)
	good := c.Compress("ses", read(t, "dict/1-ses/09_open.json"))
	flipped := bytes.Clone(good.Bytes)
	flipped[len(flipped)-6] ^= 1
	for name, bad := range map[string]receipt.Block{
		"a flipped bit":               {Codec: 1, Bytes: flipped, Size: good.Size},
		"cut short":                   {Codec: 1, Bytes: good.Bytes[:len(good.Bytes)/2], Size: good.Size},
		"another size":                {Codec: 1, Bytes: good.Bytes, Size: good.Size - 1},
		"a size over the limit":       {Codec: 1, Bytes: good.Bytes, Size: receipt.MaxSize + 1},
		"a negative size":             {Codec: 1, Bytes: good.Bytes, Size: -1},
		"not compressed at all":       {Codec: 1, Bytes: []byte("hello"), Size: 5},
		"nothing where there was one": {Codec: 1, Size: good.Size},
	} {
		if got, err := c.Decompress(bad); err == nil {
			t.Errorf("%s: came back as %d bytes", name, len(got))
		}
	}
}

func TestManyGoroutinesShareACodec(t *testing.T) {
	t.Parallel()
	c := newCodec(t)
	body := read(t, "dict/1-ses/10_delivery.json")
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				if got, err := c.Decompress(c.Compress("ses", body)); err != nil || !bytes.Equal(got, body) {
					t.Errorf("came back wrong: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzDecompress(f *testing.F) {
	c := newCodec(f)
	names, _ := samples(f, "1-ses")
	for _, n := range names {
		f.Add(c.Compress("ses", read(f, n)).Bytes)
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		got, err := c.Decompress(receipt.Block{Codec: 1, Bytes: stored, Size: 1 << 12})
		if err == nil && len(got) != 1<<12 {
			t.Fatalf("%d bytes came back under the size 4096", len(got))
		}
	})
}

func BenchmarkCompress(b *testing.B) {
	c := newCodec(b)
	body := variant(read(b, "dict/1-ses/10_delivery.json"))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		c.Compress("ses", body)
	}
	b.ReportMetric(float64(len(c.Compress("ses", body).Bytes)), "stored-B")
}
