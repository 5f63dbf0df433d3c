package bench

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAQuantileIsAnEighthOffAtMost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.SliceOfN(rapid.Int64Range(0, 1e9), 1, 200).Draw(t, "microseconds")
		var h histogram
		for _, v := range us {
			h.add(time.Duration(v) * time.Microsecond)
		}
		slices.Sort(us)
		for _, q := range []float64{0, 0.5, 0.99} {
			want := us[int(q*float64(len(us)))]
			if got := h.quantile(q).Microseconds(); got < want || got > want+want/8 {
				t.Fatalf("quantile %v of %v is %d, want %d to an eighth more", q, us, got, want)
			}
		}
	})
}

func TestMergedHistogramsAreTheHistogramOfAll(t *testing.T) {
	t.Parallel()
	var a, b, all histogram
	for i := range 1000 {
		d := time.Duration(i*i) * time.Microsecond
		all.add(d)
		if i%3 == 0 {
			a.add(d)
		} else {
			b.add(d)
		}
	}
	a.merge(&b)
	if a != all {
		t.Error("merging lost something")
	}
}

func TestSignaturesAreMadeOnceAndUsedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	signed := int64(0)
	p, err := prepare(t.Context(), dir, 600, func(done, _ int64) { signed = done })
	if err != nil || signed != 600 {
		t.Fatalf("signed %d of 600: %v", signed, err)
	}
	first, err := os.ReadFile(p.path)
	if err != nil || len(first) != headerSize+600*signatureSize {
		t.Fatalf("file of %d bytes: %v", len(first), err)
	}
	again, err := prepare(t.Context(), dir, 600, func(int64, int64) { t.Error("signed again") })
	if err != nil {
		t.Fatal(err)
	}
	if again.story != p.story || !bytes.Equal(p.identity.CertificatePEM(), again.identity.CertificatePEM()) {
		t.Errorf("story %+v, want %+v, and the same certificate", again.story, p.story)
	}
}

func TestAForeignFileIsNoFileOfSignatures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := prepare(t.Context(), dir, 10, func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := prepare(t.Context(), dir, 10, func(int64, int64) {}); err == nil {
		t.Error("a foreign file is used")
	}
}

func TestThisProcessUsesMemoryAndTime(t *testing.T) {
	t.Parallel()
	u, err := usageOf(os.Getpid())
	if err != nil || u.rss < 1<<20 || u.max < u.rss {
		t.Errorf("usage %+v, %v", u, err)
	}
	if _, err := usageOf(1 << 30); err == nil {
		t.Error("a process that is not there has a usage")
	}
}
