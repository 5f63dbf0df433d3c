package auth_test

import (
	"testing"

	"tidings/internal/auth"
)

func BenchmarkPassword(b *testing.B) {
	p := auth.NewPasswords()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Prove(b.Context(), "four words or more", ""); err != nil {
			b.Fatal(err)
		}
	}
}
