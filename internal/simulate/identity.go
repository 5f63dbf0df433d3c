package simulate

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Identity is the certificate that simulated notifications are signed with, and its key: RSA with 2,048 bits, as
// Amazon's, but of four primes, because that signs five times faster and a benchmark needs millions of signatures.
// The key is worth nothing: it protects simulated mail alone.
type Identity struct {
	public  rsa.PublicKey
	parts   []part
	primes  []*big.Int
	encoded []byte // the certificate, PEM
}

// part is what one prime contributes to a signature, by the Chinese remainder theorem.
type part struct {
	prime, exponent, weight *big.Int // weight is 1 modulo prime, 0 modulo the others
}

const (
	primeCount    = 4
	keyBits       = 2048
	publicExp     = 65537
	primesType    = "TIDINGS SIMULATION PRIMES"
	certificateOK = 20 * 365 * 24 * time.Hour // a demo does not outlive it
)

// NewIdentity makes a key and a certificate for it.
func NewIdentity() (*Identity, error) {
	for {
		primes := make([]*big.Int, primeCount)
		for i := range primes {
			p, err := rand.Prime(rand.Reader, keyBits/primeCount)
			if err != nil {
				return nil, fmt.Errorf("make a prime: %w", err)
			}
			primes[i] = p
		}
		id, err := fromPrimes(primes)
		if errors.Is(err, errPrimes) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := id.certify(); err != nil {
			return nil, err
		}
		return id, nil
	}
}

var errPrimes = errors.New("primes make no key")

func fromPrimes(primes []*big.Int) (*Identity, error) {
	n, one := big.NewInt(1), big.NewInt(1)
	for _, p := range primes {
		n.Mul(n, p)
	}
	id := &Identity{public: rsa.PublicKey{N: n, E: publicExp}, primes: primes}
	if n.BitLen() != keyBits {
		return nil, errPrimes
	}
	for _, p := range primes {
		order := new(big.Int).Sub(p, one)
		exponent := new(big.Int).ModInverse(big.NewInt(publicExp), order)
		others := new(big.Int).Div(n, p)
		inverse := new(big.Int).ModInverse(others, p)
		if exponent == nil || inverse == nil {
			return nil, errPrimes
		}
		id.parts = append(id.parts, part{p, exponent, others.Mul(others, inverse)})
	}
	return id, nil
}

// certify makes the certificate, signed by its own key.
func (id *Identity) certify() error {
	now := time.Now()
	ask := &x509.Certificate{
		SerialNumber: big.NewInt(now.Unix()),
		Subject:      pkix.Name{CommonName: "sns.amazonaws.com", Organization: []string{"Tidings simulation"}},
		NotBefore:    now.Add(-400 * 24 * time.Hour),
		NotAfter:     now.Add(certificateOK),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		DNSNames:     []string{"sns.amazonaws.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, ask, ask, &id.public, id)
	if err != nil {
		return fmt.Errorf("make the certificate: %w", err)
	}
	id.encoded = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return nil
}

// CertificatePEM is what a source pins.
func (id *Identity) CertificatePEM() []byte { return id.encoded }

// Public returns the public key, as crypto.Signer has it.
func (id *Identity) Public() crypto.PublicKey { return &id.public }

// sha256Prefix is DigestInfo of SHA-256, RFC 8017 section 9.2.
const sha256Prefix = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

// Sign signs a SHA-256 digest with PKCS#1 v1.5, as crypto.Signer has it. It is safe for concurrent use.
func (id *Identity) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA256 || len(digest) != sha256.Size {
		return nil, errors.New("sign: only SHA-256")
	}
	var padded [keyBits / 8]byte
	padded[1] = 1
	tail := len(padded) - len(sha256Prefix) - sha256.Size
	for i := 2; i < tail-1; i++ {
		padded[i] = 0xff
	}
	copy(padded[tail:], sha256Prefix)
	copy(padded[tail+len(sha256Prefix):], digest)
	m := new(big.Int).SetBytes(padded[:])
	sum, x := new(big.Int), new(big.Int)
	for _, p := range id.parts {
		x.Mod(m, p.prime)
		x.Exp(x, p.exponent, p.prime)
		sum.Add(sum, x.Mul(x, p.weight))
	}
	return sum.Mod(sum, id.public.N).FillBytes(make([]byte, keyBits/8)), nil
}

// SignText signs the SHA-256 of a text, as SignatureVersion 2 of SNS does.
func (id *Identity) SignText(text []byte) ([]byte, error) {
	digest := sha256.Sum256(text)
	return id.Sign(nil, digest[:], crypto.SHA256)
}

// LoadIdentity reads an identity from a file, or makes one and writes it there, so that a demo's source goes on
// trusting the next run. The file is for its owner alone.
func LoadIdentity(path string) (*Identity, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return createIdentity(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the simulation's key: %w", err)
	}
	id, err := parseIdentity(b)
	if err != nil {
		return nil, fmt.Errorf("read the simulation's key %s: %w", path, err)
	}
	return id, nil
}

func createIdentity(path string) (*Identity, error) {
	id, err := NewIdentity()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("write the simulation's key: %w", err)
	}
	if err := os.WriteFile(path, id.file(), 0o600); err != nil {
		return nil, fmt.Errorf("write the simulation's key: %w", err)
	}
	return id, nil
}

func (id *Identity) file() []byte {
	var primes []byte
	for _, p := range id.primes {
		primes = append(primes, p.Bytes()...)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: primesType, Bytes: primes}), id.encoded...)
}

func parseIdentity(b []byte) (*Identity, error) {
	const size = keyBits / 8 / primeCount
	block, rest := pem.Decode(b)
	if block == nil || block.Type != primesType || len(block.Bytes) != size*primeCount || len(bytes.TrimSpace(rest)) == 0 {
		return nil, errors.New("it is no key of a simulation; remove it to have a new one")
	}
	primes := make([]*big.Int, primeCount)
	for i := range primes {
		primes[i] = new(big.Int).SetBytes(block.Bytes[i*size : (i+1)*size])
	}
	id, err := fromPrimes(primes)
	if err != nil {
		return nil, err
	}
	id.encoded = rest
	return id, nil
}
