package dispatch_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tidings/internal/dispatch"
)

var signedAt = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// The vector of the specification's document (standard-webhooks.md, "Signature scheme"), made again with openssl:
//
//	printf '%s' 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}' |
//	  openssl dgst -sha256 -hmac "$(echo MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw | base64 -d)" -binary | base64
func TestTheSignatureIsTheOneOfTheSpecification(t *testing.T) {
	t.Parallel()
	secret, err := dispatch.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := dispatch.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), secret)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTheOfficialLibraryVerifiesWhatIsSignedWithTheOldSecretAndWithTheNewOne(t *testing.T) {
	t.Parallel()
	older, newer := dispatch.NewSecret(), dispatch.NewSecret()
	body, at := []byte(`{"type":"email.bounce","data":{}}`), time.Now()
	headers := http.Header{}
	headers.Set(dispatch.HeaderID, "evt_1")
	headers.Set(dispatch.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	headers.Set(dispatch.HeaderSignature, dispatch.Sign("evt_1", at, body, newer, older))
	for _, s := range []dispatch.Secret{older, newer} {
		receiver, err := standardwebhooks.NewWebhook(s.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if err := receiver.Verify(body, headers); err != nil {
			t.Error(err)
		}
		if receiver.Verify(append(body, ' '), headers) == nil {
			t.Error("another body is verified")
		}
	}
	stranger, err := standardwebhooks.NewWebhook(dispatch.NewSecret().Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if stranger.Verify(body, headers) == nil {
		t.Error("another secret verifies")
	}
}

func TestWhatTheOfficialLibrarySignsIsVerified(t *testing.T) {
	t.Parallel()
	secret, body := dispatch.NewSecret(), []byte(`{}`)
	other, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	signature, err := other.Sign("evt_1", signedAt, body)
	if err != nil {
		t.Fatal(err)
	}
	stamp := strconv.FormatInt(signedAt.Unix(), 10)
	for name, x := range map[string]struct {
		id, stamp, signatures string
		now                   time.Time
		ok                    bool
	}{
		"right":          {"evt_1", stamp, signature, signedAt, true},
		"among others":   {"evt_1", stamp, "v1a,AAAA v1,AAAA " + signature, signedAt, true},
		"another id":     {"evt_2", stamp, signature, signedAt, false},
		"five minutes":   {"evt_1", stamp, signature, signedAt.Add(5 * time.Minute), true},
		"too late":       {"evt_1", stamp, signature, signedAt.Add(5*time.Minute + time.Second), false},
		"from tomorrow":  {"evt_1", stamp, signature, signedAt.Add(-6 * time.Minute), false},
		"no time":        {"evt_1", "now", signature, signedAt, false},
		"no signature":   {"evt_1", stamp, "", signedAt, false},
		"another scheme": {"evt_1", stamp, strings.Replace(signature, "v1,", "v2,", 1), signedAt, false},
	} {
		if got := dispatch.Verify(secret, x.id, x.stamp, x.signatures, body, x.now); got != x.ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestASecretIsReadAsItIsShownAndNothingElseIs(t *testing.T) {
	t.Parallel()
	s := dispatch.NewSecret()
	if got, err := dispatch.ParseSecret(s.Reveal()); err != nil || string(got) != string(s) {
		t.Errorf("%v", err)
	}
	if strings.Contains(s.String(), s.Reveal()) {
		t.Error("a log would show it")
	}
	for _, bad := range []string{"", "whsec_", "whsec_YWJj", strings.TrimPrefix(s.Reveal(), "whsec_"), s.Reveal() + "!", "whpk_" + s.Reveal()[6:]} {
		if _, err := dispatch.ParseSecret(bad); err == nil || len(bad) > 8 && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
