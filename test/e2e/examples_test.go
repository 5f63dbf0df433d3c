package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidings/test/bucket"
)

// The examples of the help are run as they stand there, by a shell, each in a folder of its own that was prepared as the
// examples suppose. Only what an example can't know is put in: ids, a port, a database, and smaller numbers.

// commandPages are the commands that have a page of their own, as words.
func commandPages(t *testing.T) [][]string {
	t.Helper()
	dir := t.TempDir()
	if r := command(t, "man", dir); r.code != 0 {
		t.Fatalf("tidings man: exit code %d\n%s", r.code, r.errOut)
	}
	files, err := filepath.Glob(filepath.Join(dir, "tidings-*.1"))
	must(t, err)
	var list [][]string
	for _, f := range files {
		list = append(list, strings.Split(strings.TrimSuffix(filepath.Base(f), ".1"), "-")[1:])
	}
	return list
}

// examplesOf are the shell lines in the help of a command.
func examplesOf(t *testing.T, words []string) (lines []string) {
	t.Helper()
	r := command(t, append(slices.Clone(words), "--help")...)
	if r.code != 0 {
		t.Fatalf("tidings %s --help: exit code %d", strings.Join(words, " "), r.code)
	}
	for line := range strings.Lines(strings.ReplaceAll(r.out, "\\\n", " ")) {
		if strings.HasPrefix(line, "  ") && strings.HasPrefix(strings.TrimSpace(line), "tidings ") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
	}
	return lines
}

// stage is the folder that an example is run in.
type stage struct {
	t   *testing.T
	dir string
}

func (s *stage) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// shell runs a line as a person would in the folder, and returns what it prints.
func (s *stage) shell(line string) (string, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*patience)
	defer cancel()
	cmd := s.bash(ctx, line)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (s *stage) bash(ctx context.Context, line string) *exec.Cmd {
	binary, err := filepath.Abs(os.Getenv(binaryVariable))
	must(s.t, err)
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", line)
	cmd.Dir = s.dir
	cmd.Env = append(environment(), "HOME="+s.dir, "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	return cmd
}

// mustShell runs a line that has to succeed.
func (s *stage) mustShell(line string) string {
	s.t.Helper()
	out, err := s.shell(line)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return out
}

// serving runs a server on the folder's database until the returned function is called. It listens at address.
func (s *stage) serving(line string) (address string, stop func()) {
	s.t.Helper()
	srv := &server{t: s.t, ended: make(chan struct{}), news: make(chan struct{}), http: newClient()}
	srv.cmd = s.bash(context.WithoutCancel(s.t.Context()), "exec "+line)
	log, err := srv.cmd.StderrPipe()
	must(s.t, err)
	must(s.t, srv.cmd.Start())
	go srv.follow(log)
	s.t.Cleanup(srv.kill)
	var started struct{ Address string }
	must(s.t, json.Unmarshal([]byte(srv.await("serving")), &started))
	return started.Address, func() {
		s.t.Helper()
		srv.signal(syscall.SIGTERM)
		if code := srv.exit(); code != 0 {
			s.t.Errorf("%s: exit code %d\n%s", line, code, srv.log())
		}
	}
}

// prepare makes the folder that examples suppose: a database with a source, a key, mail and a suppression; backups of it;
// lists to import.
func prepare(t *testing.T) (s *stage, known *strings.Replacer) {
	t.Helper()
	s = &stage{t: t, dir: t.TempDir()}
	for _, d := range []string{
		"root/etc/bash_completion.d", "root/usr/local/share/zsh/site-functions", "root/var/backups",
		"root/var/lib/tidings", ".config/fish/completions",
	} {
		must(t, os.MkdirAll(s.path(d), 0o750))
	}
	s.mustShell("tidings simulate --certificate-out demo.pem && cp demo.pem broker.pem")
	var made struct{ ID, Token string }
	must(t, json.Unmarshal([]byte(s.mustShell("tidings source create --provider ses --name first --signing-certificate demo.pem "+
		"--topic arn:aws:sns:eu-west-1:123456789012:simulated-mail --json")), &made))
	var key struct{ ID string }
	must(t, json.Unmarshal([]byte(s.mustShell("tidings key create --kind secret --name first --json")), &key))
	var form struct{ ID string }
	must(t, json.Unmarshal([]byte(s.mustShell("tidings form create --name first --json")), &form))
	must(t, os.WriteFile(s.path("welcome.html"), []byte("---\nsubject: Welcome\nfrom: app@acme.test\n---\n<p>Hi {{ firstName }}</p>\n"), 0o600))
	must(t, os.WriteFile(s.path("receipt.html"), []byte("<p>Thanks</p>\n"), 0o600))
	s.mustShell("tidings template push welcome.html --key onboarding/welcome")
	s.mustShell("tidings sender create --name outbox --kind file")
	var sender struct{ ID string }
	must(t, json.Unmarshal([]byte(s.mustShell("tidings sender create --name first --url smtp://lea:secret@mail.acme.test --json")), &sender))
	s.mustShell("echo secret > new-password.txt && openssl genpkey -algorithm ed25519 -out new-key.pem")
	s.mustShell("tidings person create mia")
	must(t, os.WriteFile(s.path("invoice.html"), []byte("<p>Hi {{ name }}</p>\n"), 0o600))
	must(t, os.WriteFile(s.path("invoice.pdf"), []byte("%PDF-1.7\n"), 0o600))
	for file, steps := range map[string]string{
		"onboarding": "- {id: wait, wait: 1d}\n", "farewell-flow": "- exit: done\n",
		"failing": "- send: {template: onboarding/welcome, to: '{{ data.nobody }}'}\n",
	} {
		trigger := "manual"
		if file == "onboarding" { // which is tried on events, too
			trigger = "account.created"
		}
		must(t, os.WriteFile(s.path(file+".yaml"), []byte("workflow: "+file+"\ntrigger: "+trigger+"\nreentry: parallel\nsteps:\n"+steps), 0o600))
	}
	s.mustShell("tidings contacts set ann@acme.test && for x in onboarding failing; do tidings workflow create $x.yaml --enable && " +
		"tidings workflow start $x ann@acme.test; done")
	s.mustShell("for x in crm lake; do tidings endpoint create --name $x --to https://nowhere.invalid/hooks; done")
	address, stop := s.serving("tidings serve --listen 127.0.0.1:0 --log-format json")
	s.mustShell("tidings simulate --url http://" + address + "/in/ses/" + made.Token + " --events 300 --recipients 50 --start 2026-05-03T00:00:00Z")
	s.mustShell("until tidings workflow runs failing --status FAILED | grep exe_2 && tidings workflow runs onboarding --status WAITING | " +
		"grep exe_1 && tidings endpoint dispatches --dispatch dsp_1; do sleep 0.1; done")
	stop()
	var page struct {
		Events []struct {
			ID, ContactID string
			Message       struct{ ID string }
		}
	}
	must(t, json.Unmarshal([]byte(s.mustShell("tidings events --limit 1 --json")), &page))
	newest := page.Events[0]
	s.mustShell("tidings suppressions add ghost@acme.test --reason hard_bounce && tidings suppressions add '*@bad.test'")
	must(t, os.WriteFile(s.path("people.csv"), []byte("email,plan,amount\nann@acme.test,team,12.5\n"), 0o600))
	must(t, os.WriteFile(s.path("list.csv"), []byte("address,reason\nann@acme.test,complaint\n*@worse.test,\n"), 0o600))
	must(t, os.WriteFile(s.path("bounces.csv"), []byte("bob@acme.test\n"), 0o600))
	var mail struct{ ID, Token string }
	must(t, json.Unmarshal([]byte(s.mustShell("tidings source create --provider dsn --name mail --json")), &mail))
	must(t, os.WriteFile(s.path("bounce.eml"), []byte("From: MAILER-DAEMON@mx.acme.test\n\nSorry.\n"), 0o600))
	must(t, os.Mkdir(s.path("archive"), 0o750))
	s.mustShell("tidings events --json > events.json && tidings events --limit 20 --json | gzip > archive/a.gz")
	must(t, os.WriteFile(s.path("2026-05-04_10:00.csv"), []byte("Date,Customer,Event,Subject,Additional data\n"+
		"2026-05-04 10:00:01,ann@acme.test,Opened,Hi,\n"), 0o600))
	var sent struct {
		Data struct{ Emails []struct{ Send string } }
	}
	must(t, json.Unmarshal([]byte(s.mustShell("tidings send --to mia@acme.test --from app@acme.test --subject Hi --text Hi --scheduled-for "+
		time.Now().AddDate(0, 0, 2).Format(time.DateOnly)+" --json")),
		&sent))
	must(t, os.MkdirAll(s.path("mail", "rules"), 0o750))
	for file, name := range map[string]string{"welcome.yaml": "Welcome", "farewell.yaml": "Farewell"} {
		rule := "name: " + name + "\non:\n  event: account.created\ndo:\n- send:\n    template: onboarding/welcome\n"
		must(t, os.WriteFile(s.path(file), []byte(rule), 0o600))
	}
	must(t, os.WriteFile(s.path("mail", "rules", "seen.yaml"),
		[]byte("rules:\n- name: Seen\n  on: {event: order.paid}\n  do: [{subscribe: {tags: [seen]}}]\n"), 0o600))
	s.mustShell("tidings rule create welcome.yaml")
	must(t, os.WriteFile(s.path("beta.html"), []byte("<p>Hi {{ firstName }}</p>\n"), 0o600))
	s.mustShell("tidings template push welcome.html --key news/may")
	var draft struct{ ID string }
	must(t, json.Unmarshal([]byte(s.mustShell("tidings broadcast create --name First --template news/may --all --json")), &draft))
	s.mustShell("tidings backup root/var/backups/tidings.db && cp root/var/backups/tidings.db latest.db")
	return s, strings.NewReplacer(
		"dsn/TOKEN", "dsn/"+mail.Token, "dsn --source src_01jq7z9f3v8k2m5n", "dsn --source "+mail.ID,
		"src_01jq7z9f3v8k2m5n", made.ID, "key_01jq7z9f3v8k2m5n", key.ID, "frm_01jq7z9f3v8k2m5n", form.ID, "snr_01jq7z9f3v8k2m5n", sender.ID,
		"--user TOKEN --password TOKEN", "--user token --password token", "brc_01jq7z9f3v8k2m5n", draft.ID,
		"snd_01jq7z9f3v8k2m5n", sent.Data.Emails[0].Send, "TOKEN", made.Token,
		"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11", newest.ID,
		"con_4f", newest.ContactID, "0102019a-two-000000", newest.Message.ID,
		" /etc/", " root/etc/", " /usr/", " root/usr/", " /var/", " root/var/", " | man -l -", " | cat",
		"--readers 1000 --rate 500 --duration 60s", "--readers 20 --rate 50 --duration 1s",
		"--events 2000000", "--events 300", "--events 10000", "--events 300", "tidings bench", "tidings bench --questions 3",
	)
}

// outcomes are examples that can't end with 0 here, and what they say instead.
var outcomes = map[string]string{
	"tidings source confirm src_01jq7z9f3v8k2m5n cnf_01jq7z9f3v8k2m5n":                              "there is no confirmation",
	"tidings setup ses --region eu-west-1 --url https://tidings.example.com --identity example.com": "there are no credentials of AWS",
	"tidings mcp approve K7QD93XM": "there is no act that waits",
	"tidings mcp refuse K7QD93XM":  "there is no act that waits",

	"tidings endpoint test crm":            "did not take the event",
	"tidings broadcast create --name Team": "there is no segment",
	"tidings broadcast cancel":             "nothing was sent or scheduled",
	"tidings broadcast pause":              "DRAFT",
	"tidings broadcast resume":             "DRAFT",
}

func TestEveryExampleOfTheHelpRuns(t *testing.T) {
	t.Parallel()
	origin, known := prepare(t)
	pages := commandPages(t)
	if len(pages) < 20 {
		t.Fatalf("%d commands have a page", len(pages))
	}
	for _, words := range pages {
		for _, line := range examplesOf(t, words) {
			t.Run(line, func(t *testing.T) {
				s := &stage{t: t, dir: t.TempDir()}
				must(t, os.CopyFS(s.dir, os.DirFS(origin.dir)))
				runExample(s, line, known.Replace(line))
			})
		}
	}
}

var postgresURL = regexp.MustCompile(`postgres://\S+`)

func runExample(s *stage, line, text string) {
	t := s.t
	if postgresURL.MatchString(text) {
		text = postgresURL.ReplaceAllLiteralString(text, "'"+database(t, "postgres")+"'")
	}
	switch {
	case strings.HasPrefix(line, "tidings serve"):
		text, _, _ = strings.Cut(strings.ReplaceAll(text, " --listen :8080", ""), " #")
		_, stop := s.serving(text + " --listen 127.0.0.1:0 --log-format json")
		stop()
		return
	case strings.Contains(line, "http://127.0.0.1:8080"):
		address, stop := s.serving("tidings serve --listen 127.0.0.1:0 --log-format json")
		defer stop()
		text = strings.ReplaceAll(text, "127.0.0.1:8080", address)
	// It goes on until it is stopped, by one signal: without --foreground timeout sends two. TestTail… reads what it prints.
	case strings.HasPrefix(line, "tidings tail"):
		address, stop := s.serving("tidings serve --listen 127.0.0.1:0 --log-format json")
		defer stop()
		made := s.mustShell("tidings key create --kind secret --json")
		var key struct{ Key string }
		must(t, json.Unmarshal([]byte(made), &key))
		text = strings.ReplaceAll(text, "sk_…", key.Key)
		text = "timeout --foreground --preserve-status --signal=INT 1 " + strings.Replace(text, "tail", "tail --url http://"+address, 1)
	case strings.HasPrefix(line, "tidings source test"):
		address, stop := s.serving("tidings serve --listen 127.0.0.1:0 --log-format json")
		defer stop()
		text = strings.ReplaceAll(text, " --public-url https://tidings.example.com", "") + " --public-url http://" + address
	case line == "tidings restore /var/backups/tidings.db":
		must(t, os.RemoveAll(s.path("data")))
	case line == "tidings backup /var/backups/tidings.db":
		must(t, os.Remove(s.path("root/var/backups/tidings.db")))
	case strings.Contains(line, "s3://acme-mail-archive/"):
		s3 := bucket.Serve(t)
		s3.Put(t, "ses/2026/05/04/a", sends(3), nil)
		text = strings.Join(s3.Environment(), " ") + " " + strings.ReplaceAll(text, "acme-mail-archive", bucket.Name)
	case strings.HasPrefix(line, "tidings bench") && !strings.Contains(line, "--events"):
		text += " --events 300"
	}
	out, err := s.shell(text)
	for begin, says := range outcomes {
		if strings.HasPrefix(line, begin) {
			if err == nil || !strings.Contains(out, says) {
				t.Errorf("%s: %v, and does not say %q:\n%s", text, err, says, out)
			}
			return
		}
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", text, err, out)
	}
}
