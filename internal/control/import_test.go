package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/store"
	"tidings/test/database"
	"tidings/test/postgres"
)

var update = flag.Bool("update", false, "write the golden files anew")

// onBoth runs a test over both engines. PostgreSQL is the server that TIDINGS_TEST_POSTGRES names; make test starts one.
// fresh empties the database of suppressions.
func onBoth(t *testing.T, run func(t *testing.T, fresh func() *control.Control)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, func() *control.Control { return over(t, database.New(t, "sqlite")) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		at := database.New(t, "postgres")
		c := over(t, at)
		direct, err := pgx.Connect(t.Context(), at)
		must(t, err)
		t.Cleanup(func() { _ = direct.Close(context.Background()) })
		run(t, func() *control.Control {
			_, err := direct.Exec(t.Context(), `TRUNCATE suppressions, contacts, suppression_patterns`)
			must(t, err)
			return c
		})
	})
}

func over(t testing.TB, at string) *control.Control {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: at, Soft: contact.DefaultSoftPolicy})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &control.Control{Store: s, Now: func() time.Time { return now }}
}

// outcome is what an import came to, and what the export says after it.
type outcome struct {
	Report control.Imported
	Error  string `json:",omitempty"`
	Export []string
}

func importList(t testing.TB, c *control.Control, list string, o control.ImportOptions) outcome {
	t.Helper()
	var x outcome
	var err error
	x.Report, err = c.ImportSuppressions(t.Context(), operator, strings.NewReader(list), o, nil)
	if err != nil {
		x.Error = err.Error()
	}
	x.Export = sorted(exportList(t, c, control.CSV))[1:]
	return x
}

// sorted are the lines of an export in an order of their own. The header comes first.
func sorted(list string) []string {
	lines := strings.Split(strings.TrimRight(list, "\r\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, "\r")
	}
	slices.Sort(lines[1:])
	return lines
}

func exportList(t testing.TB, c *control.Control, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := c.ExportSuppressions(t.Context(), operator, format, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// lists are lists as they come, good and bad; what becomes of each is the golden file of its name.
var lists = map[string]string{
	"all columns":                   "note,until,since,reason,address\nspam trap,2027-01-01,2026-05-04T10:12:00+02:00,complaint,Ann@ACME.test\n",
	"only addresses":                "ann@acme.test\nbob@acme.test\n",
	"email for address":             "email\nann@acme.test\n",
	"recipient for address":         "Recipient;Note\nann@acme.test;a, b\n",
	"byte order mark":               "\xef\xbb\xbf\"address\",\"reason\"\r\nann@acme.test,complaint\r\n",
	"byte order mark and no header": "\xef\xbb\xbfann@acme.test\r\n",
	"lines end with CR":             "address,note\rann@acme.test,a\rbob@acme.test,b",
	"no end at the last line":       "address\nann@acme.test",
	"tabs":                          "address\treason\nann@acme.test\tmanual\n",
	"semicolons and no header":      "ann@acme.test;\nbob@acme.test;\n",
	"empty lines":                   "\n\naddress,note\n\n,\n   \nann@acme.test,\n\n",
	"empty":                         "",
	"only a header":                 "address,reason\n",
	"quotes":                        "address,note\n\"ann@acme.test\",\"she said \"\"no\"\", twice\"\nbob@acme.test,5\" disk\n",
	"a note of two lines":           "address,note\nann@acme.test,\"one\r\ntwo\"\nbob@acme.test,x\n",
	"a quote that never ends":       "address,note\nann@acme.test,\"open\nbob@acme.test,x\ncid@acme.test,y\n",
	"text behind a quote":           "address,note\n\"ann\"@acme.test,x\nbob@acme.test,y\n",
	"too many fields":               "address\nann@acme.test,2026-05-04\nbob@acme.test\n",
	"too few fields":                "reason,note,address\ncomplaint\n,,ann@acme.test\n",
	"a line too long":               "address,note\nann@acme.test," + strings.Repeat("x", 200_000) + "\nbob@acme.test,y\n",
	"an address too long":           "address\n" + strings.Repeat("x", 600) + "@acme.test\nbob@acme.test\n",
	"a long note is cut":            "address,note\nann@acme.test," + strings.Repeat("ä", 1010) + "\n",
	"NUL":                           "address,note\nan\x00n@acme.test,x\nbob@acme.test,a\x00b\n",
	"Latin-1":                       "address,note\njos\xe9@acme.test,x\nbob@acme.test,Jos\xe9 \x80\n",
	"no addresses":                  "address\nann\n@acme.test\nann@\nann smith@acme.test\na@b@acme.test\n<ann@acme.test\nann@ac me.test\n",
	"addresses in other clothes":    "address\nAnn Smith <ANN@Acme.test>\nrfc822;bob@acme.test\n\"\"\"cid d\"\"@acme.test\"\nmüller@bücher.test\n",
	"an address with a comma":       "\"Smith, Ann\" <ann@acme.test>\nbob@acme.test,cid@acme.test\n",
	"unknown reason":                "address,reason\nann@acme.test,unsubscribed\nbob@acme.test,HARD_BOUNCE\n",
	"bad times": "address,since,until\na@acme.test,yesterday,\nb@acme.test,2030-01-01,\nc@acme.test,,2026-05-05T11:00:00Z\n" +
		"d@acme.test,2026-05-05T13:00:00Z,2026-05-05T12:30:00Z\ne@acme.test,0000-00-00,\nf@acme.test,,12\ng@acme.test,,99999-01-01\n",
	"times of others": "address,since\na@acme.test,1443651125\nb@acme.test,1443651125000\nc@acme.test,\"Fri, 21 Oct 2011 11:02:55 GMT\"\n" +
		"d@acme.test,2020-04-10T21:03:22.123000+02:00\ne@acme.test,2020-04-10 21:03:22\n",
	"duplicates":                    "address,reason,since\nann@acme.test,manual,2026-05-02\nANN@acme.test,manual,2026-05-01\nann@acme.test,complaint,2026-05-01\n",
	"patterns":                      "address,note\n*@Bad.test,spam\n*@*.bad.test,\nann@acme.test,\n*@bad.test,\n",
	"bad patterns":                  "address,reason,until\n*@test,,\n*@,,\n*x@bad.test,,\n*@bad.test,complaint,\n*@bad.test,,2030-01-01\n*@a@b.test,,\n",
	"unknown columns":               "address,ends,Grund\nann@acme.test,2030-01-01,x\n",
	"a column twice":                "email,address\nann@acme.test,bob@acme.test\n",
	"no header":                     "ann\nbob\n",
	"a spreadsheet":                 "PK\x03\x04\x14\x00\x06\x00",
	"compressed":                    "\x1f\x8b\x08\x00",
	"UTF-16":                        "\xff\xfea\x00d\x00d\x00",
	"JSON":                          `{"SuppressedDestinationSummaries": [{"EmailAddress": "ann@acme.test"}]}`,
	"formulas":                      "address,note\n'+ann@acme.test,'=1+1\n+bob@acme.test,=cmd|' /C calc'!A0\ncid@acme.test,'quoted'\n-dan@acme.test,'＝1\n",
	"of SES":                        "EmailAddress,Reason,LastUpdateTime\nann@acme.test,BOUNCE,2026-04-10T21:03:22.000000+00:00\nbob@acme.test,COMPLAINT,2026-04-11T21:03:22Z\n",
	"of SendGrid":                   "status,reason,email,created\n5.1.1,\"550 5.1.1 The email account does not exist\",ann@acme.test,1443651125\n",
	"complaints of SendGrid":        "ip,email,created\n192.0.2.1,ann@acme.test,1443651125\n",
	"invalid addresses of SendGrid": "reason,email,created\nMail domain mentioned in email address is unknown,ann@acme.test,1443651125\n",
	"of Mailgun":                    "address,code,error,created_at\nann@acme.test,550,No such mailbox,\"Fri, 21 Oct 2011 11:02:55 UTC\"\n",
}

func TestEveryListIsTreatedAsItsGoldenSays(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func() *control.Control) {
		for name, list := range lists {
			c := fresh()
			dry := importList(t, c, list, control.ImportOptions{DryRun: true})
			if strings.Join(dry.Export, "") != "" {
				t.Errorf("%s: a dry run left %v", name, dry.Export)
			}
			x := importList(t, c, list, control.ImportOptions{})
			if diff := cmp.Diff(dry.Report, x.Report); diff != "" {
				t.Errorf("%s (-dry +wet):\n%s", name, diff)
			}
			golden(t, "import/"+strings.ReplaceAll(name, " ", "_")+".json", x)
			again := importList(t, c, list, control.ImportOptions{}).Report
			if again.Added != 0 || again.Known != x.Report.Added+x.Report.Known || again.Lines != again.Known+again.Bad {
				t.Errorf("%s: imported again: %+v, at first %+v", name, again, x.Report)
			}
		}
	})
}

func golden(t *testing.T, name string, v any) {
	t.Helper()
	var got bytes.Buffer
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	must(t, e.Encode(v))
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// BenchmarkImport imports a list of new contacts. One iteration is one line.
func BenchmarkImport(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			at := filepath.Join(b.TempDir(), "tidings.db")
			if engine == "postgres" {
				at = postgres.Database(b)
			}
			c := over(b, at)
			b.ResetTimer()
			r, w := io.Pipe()
			go func() {
				fmt.Fprintln(w, "address,reason,since,until,note")
				var buf bytes.Buffer
				for i := range b.N {
					fmt.Fprintf(&buf, "\"person%d@domain%d.test\",hard_bounce,2026-05-04T10:12:00.120Z,,\n", i*7919%1_000_003, i%300)
					if buf.Len() > 60_000 || i == b.N-1 {
						_, _ = buf.WriteTo(w)
					}
				}
				w.Close()
			}()
			sum, err := c.ImportSuppressions(b.Context(), operator, r, control.ImportOptions{}, nil)
			if err != nil || sum.Added != int64(b.N) {
				b.Fatalf("%+v, %v", sum, err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
