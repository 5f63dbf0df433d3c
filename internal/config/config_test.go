package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/config"
)

func valid() config.Config {
	return config.Config{
		Database:       config.Database{DB: "data/tidings.db"},
		Address:        config.Address{Listen: "127.0.0.1:8080", BasePath: "/in"},
		Log:            config.Log{LogLevel: "info", LogFormat: "text"},
		MaxConnections: 1, MaxInFlight: 1, FeedReaders: 1, ShutdownTimeout: config.Duration(time.Second),
	}
}

func TestADurationMayBeWrittenInDays(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"0": 0, "30d": 30 * day, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "36525d": 36525 * day,
	} {
		if got, err := config.ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "30", "1d-1h", "36526d", "99999999999d", "1w", "5 d"} {
		if got, err := config.ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", text, got)
		}
	}
}

func TestWhatADurationPrintsIsReadAsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := config.Duration(time.Duration(rapid.Int64Range(0, int64(10*365*24*time.Hour/time.Second)).Draw(t, "seconds")) * time.Second)
		var again config.Duration
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Fatalf("%v is read as %v, %v", d, again, err)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	f.Add("30d")
	f.Add("1d12h")
	f.Add("999999999999999999d")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := config.ParseDuration(s); err == nil && d < 0 {
			t.Errorf("ParseDuration(%q) = %v", s, d)
		}
	})
}

func TestEveryProblemIsReportedWithItsFlagAndVariable(t *testing.T) {
	t.Parallel()
	c := valid()
	c.DB, c.Listen, c.BasePath, c.PublicURL, c.TrackingURL = "", "8080", "in/", "ftp://x", "click.test"
	c.LogLevel, c.LogFormat = "loud", "xml"
	c.MaxConnections, c.MaxInFlight, c.ShutdownTimeout = 0, 0, 0
	c.SQSWorkers, c.SQSVisibility = 1000, 1
	c.RetentionNames = map[string]config.Duration{"email.opend": 1}
	err := c.Validate()
	if err == nil {
		t.Fatal("nothing is reported")
	}
	for _, want := range []string{
		"--db (TIDINGS_DB)", "--listen (TIDINGS_LISTEN)", "--base-path (TIDINGS_BASE_PATH)", "--public-url (TIDINGS_PUBLIC_URL)", "--tracking-url (TIDINGS_TRACKING_URL)",
		"--log-level (TIDINGS_LOG_LEVEL)", "--log-format (TIDINGS_LOG_FORMAT)", "--max-connections (TIDINGS_MAX_CONNECTIONS)",
		"--max-in-flight (TIDINGS_MAX_IN_FLIGHT)", "--shutdown-timeout (TIDINGS_SHUTDOWN_TIMEOUT)",
		"--retention-names (TIDINGS_RETENTION_NAMES)", "--sqs-workers (TIDINGS_SQS_WORKERS)",
		"--sqs-visibility (TIDINGS_SQS_VISIBILITY)",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not reported:\n%v", want, err)
		}
	}
	good := valid()
	if err := good.Validate(); err != nil {
		t.Errorf("a good configuration is refused: %v", err)
	}
}

func TestAnUnknownVariableIsRefusedWithTheNearestKnownOne(t *testing.T) {
	t.Parallel()
	known := []string{"TIDINGS_DB", "TIDINGS_LISTEN", "TIDINGS_BASE_PATH"}
	for _, c := range []struct{ name, pair, want string }{
		{"a known one", "TIDINGS_LISTEN=:8080", ""},
		{"another program's", "HOME=/root", ""},
		{"the test suite's", "TIDINGS_TEST_POSTGRES=x", ""},
		{"a slip of the pen", "TIDINGS_LISTN=:1", "environment variable TIDINGS_LISTN is not known: did you mean TIDINGS_LISTEN?"},
		{"nothing like ours", "TIDINGS_ZZZZZZZZZZ=1", "environment variable TIDINGS_ZZZZZZZZZZ is not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := config.CheckEnvironment([]string{c.pair}, known); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestADatabasePasswordIsNeverShown(t *testing.T) {
	t.Parallel()
	for _, secret := range []config.DatabaseURL{
		"postgres://ann:hunter2@db.test/x", "postgresql://ann:hunter2@db.test:5432/x?sslmode=require",
		"postgres://db.test/x?user=ann&password=hunter2", "postgres://ann:hunter2@db.test:bad port/x",
	} {
		encoded, err := json.Marshal(map[string]any{"db": secret})
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "db", secret)
		for how, text := range map[string]string{
			"%v": fmt.Sprint(secret), "String": secret.String(), "%+v": fmt.Sprintf("%+v", struct{ X config.DatabaseURL }{secret}),
			"%#v": fmt.Sprintf("%#v", secret), "JSON": string(encoded), "slog": log.String(),
		} {
			if strings.Contains(text, "hunter2") {
				t.Errorf("%s shows the password: %s", how, text)
			}
		}
	}
	if got := config.DatabaseURL("data/tidings.db").String(); got != "data/tidings.db" {
		t.Errorf("a path is shown as %q", got)
	}
}

func TestSoftBouncesAreWrittenAsCountWindowAndHold(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]config.SoftBounces{
		"5/7d/30d": {Count: 5, Window: 7 * day, Hold: 30 * day}, "1/1h/2h": {Count: 1, Window: time.Hour, Hold: 2 * time.Hour}, "0": {},
	} {
		var got config.SoftBounces
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is read as %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "5/7d", "0/7d/30d", "-1/7d/30d", "5x/7d/30d", "5/0/30d", "5/7d/0", "101/7d/30d", "5/7d/30d/1d"} {
		var got config.SoftBounces
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %+v, want an error", text, got)
		}
	}
}

func TestAServersAddressCanBeDialled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ listen, public, want string }{
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080"},
		{":8080", "", "http://127.0.0.1:8080"},
		{"0.0.0.0:80", "", "http://127.0.0.1:80"},
		{"[::]:80", "", "http://127.0.0.1:80"},
		{"mail.test:80", "", "http://mail.test:80"},
		{":8080", "https://mail.test/", "https://mail.test"},
	} {
		if got := (config.Address{Listen: c.listen, PublicURL: c.public}).Base(); got != c.want {
			t.Errorf("listen %q, public %q: base %q, want %q", c.listen, c.public, got, c.want)
		}
	}
}

func TestOnlyAFileWidensWhatMayBeReached(t *testing.T) {
	t.Parallel()
	c := valid()
	if f, err := c.LoadFile(); err != nil || len(f.Netguard.Allow) != 0 {
		t.Errorf("without a file: %+v, %v", f, err)
	}
	c.ConfigFile = filepath.Join(t.TempDir(), "config.json")
	for _, x := range []struct{ name, text, wrong string }{
		{"a good one", `{"netguard":{"allow":["10.0.0.0/8","::1/128"]}}`, ""},
		{"an unknown key", `{"netguard":{"alow":[]}}`, "alow"},
		{"a bad network", `{"netguard":{"allow":["10.0.0.0/80"]}}`, "10.0.0.0/80"},
		{"no JSON", `allow: all`, "config.json"},
	} {
		if err := os.WriteFile(c.ConfigFile, []byte(x.text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := c.LoadFile()
		if x.wrong == "" {
			want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
			if d := cmp.Diff(want, f.Netguard.Allow, cmpopts.EquateComparable(netip.Prefix{})); err != nil || d != "" {
				t.Errorf("%s: %v\n%s", x.name, err, d)
			}
		} else if err == nil || !strings.Contains(err.Error(), x.wrong) {
			t.Errorf("%s: error %v, want one that names %q", x.name, err, x.wrong)
		}
	}
}

func TestRetentionIsKeptUnderOurNames(t *testing.T) {
	t.Parallel()
	r := config.Rules{RetentionNames: map[string]config.Duration{"opened": config.Duration(time.Hour), "invoice.paid": 0}}
	want := map[event.Name]time.Duration{event.EmailOpen: time.Hour, "invoice.paid": 0}
	if d := cmp.Diff(want, r.RetentionPerName()); d != "" {
		t.Error(d)
	}
}
