package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidings/internal/api"
	"tidings/internal/simulate"
)

func TestStatisticsOfAnImaginedWorldSayWhatTheSimulationSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, key, certificate := filepath.Join(dir, "tidings.db"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	address := serve(t, db)
	if r := tidings(t, "simulate", "--key-file", key, "--certificate-out", certificate); r.code != 0 {
		t.Fatal(r.err)
	}
	src := must[sourceView](t, "source", "create", "--db", db, "--provider", "ses", "--name", "one",
		"--signing-certificate", certificate, "--topic", "arn:aws:sns:eu-west-1:123456789012:simulated-mail")
	const start = "2026-05-04T00:00:00Z"
	sum := must[simulate.Summary](t, "simulate", "--key-file", key, "--url", "http://"+address+"/in/ses/"+src.Token,
		"--events", "400", "--recipients", "200", "--start", start, "--span", "2d")
	span := []string{"--db", db, "--from", "2026-05-01", "--to", "2026-06-20"}

	byName := map[string]int64{}
	report := must[api.Stats](t, append([]string{"stats", "count"}, span...)...)
	for _, row := range report.Rows {
		for _, c := range row.Counts {
			byName[c.Name] += c.Count
		}
	}
	for name, n := range sum.ByName {
		if byName[string(name)] != n {
			t.Errorf("%s: counted %d, the simulation made %d", name, byName[string(name)], n)
		}
	}
	funnel := must[api.Funnel](t, append([]string{"stats", "funnel"}, span...)...)
	if funnel.Stages[0].Messages == 0 || funnel.Stages[1].Messages > funnel.Stages[0].Messages {
		t.Errorf("funnel %+v", funnel)
	}
	for _, command := range []string{"overview", "count", "links", "funnel", "delays"} {
		r := tidings(t, append([]string{"stats", command}, span...)...)
		if r.code != 0 || len(strings.Split(r.out, "\n")) < 3 {
			t.Errorf("stats %s: code %d\n%s%s", command, r.code, r.out, r.err)
		}
	}
	if r := tidings(t, "recount", "--db", db); r.code != 0 || !strings.HasPrefix(r.out, "Put right: 0 counters") {
		t.Errorf("recount: code %d\n%s%s", r.code, r.out, r.err)
	}
}

func TestStatisticsOfAnEmptyProjectSayWhatToDo(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	for _, args := range [][]string{{"stats"}, {"stats", "count"}, {"stats", "links"}, {"stats", "funnel"}, {"stats", "delays"}, {"stats", "reach", "x"}} {
		r := tidings(t, append(args, "--db", db)...)
		if r.code != 0 || r.out == "" {
			t.Errorf("%v: code %d %q %q", args, r.code, r.out, r.err)
		}
	}
	if r := tidings(t, "stats", "--db", db, "--zone", "Mars"); r.code != exitUsage || !strings.Contains(r.err, "zone") {
		t.Errorf("a wrong zone: code %d %q", r.code, r.err)
	}
	if _, err := os.Stat(db); err != nil {
		t.Error(err)
	}
}
