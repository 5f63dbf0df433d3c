package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tryIt is how a provider's page is followed: what its source is created with, and what the page's block is given.
type tryIt struct {
	args   []string // of source create, after the provider
	secret string   // $SECRET, and given with --secret; empty: none
	basic  string   // $SECRET, and given with --basic-auth; empty: none
	key    keyPair  // $KEY is the file of a new private key; nil: none
}

// keyPair writes a new private key to a file and returns what source create is given of its public half.
type keyPair func(t *testing.T, file string) []string

// tries has a row for every page of docs/providers.
var tries = map[string]tryIt{
	"brevo":      {secret: "a-long-token"},
	"mailersend": {secret: "key-with-an-o-0123456789abcdef01"},
	"mailgun":    {secret: "key-with-an-o-0123456789abcdef01"},
	"mailjet":    {basic: "mailjet:a-long-password"},
	"mandrill":   {secret: "key-with-an-o-0123456789abcdef01"},
	"mailtrap":   {secret: "a-signing-secret-of-32-characters"},
	"postal":     {key: rsaKey},
	"resend":     {secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"},
	"dsn":        {basic: "postfix:a-long-password"},
	"inbound":    {args: []string{"--topic", "arn:aws:sns:eu-west-1:123456789012:mine"}, key: pinnedCertificate},
	"generic":    {secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"},
	"postmark":   {secret: "a-long-token"},
	"sendgrid":   {key: p256},
	"ses":        {args: []string{"--topic", "arn:aws:sns:eu-west-1:123456789012:mine"}, key: pinnedCertificate},
	"sparkpost":  {basic: "sparkpost:a-long-password"},
}

// p256 makes a key on the curve P-256, whose public half is the source's secret.
func p256(t *testing.T, file string) []string {
	t.Helper()
	shell(t, nil, `openssl ecparam -name prime256v1 -genkey -noout -out "`+file+`"`)
	public := shell(t, nil, `openssl ec -in "`+file+`" -pubout -outform DER 2>/dev/null | base64 -w0`)
	return []string{"--secret", strings.TrimSpace(public)}
}

// rsaKey makes an RSA key, whose public half is the source's secret.
func rsaKey(t *testing.T, file string) []string {
	t.Helper()
	shell(t, nil, `openssl genrsa -out "`+file+`" 2048 2>/dev/null`)
	public := shell(t, nil, `openssl rsa -in "`+file+`" -pubout -outform DER 2>/dev/null | base64 -w0`)
	return []string{"--secret", strings.TrimSpace(public)}
}

// pinnedCertificate makes an RSA key with a certificate that the source pins.
func pinnedCertificate(t *testing.T, file string) []string {
	t.Helper()
	shell(t, nil, `openssl req -x509 -newkey rsa:2048 -nodes -keyout "`+file+`" -out "`+file+`.crt" -days 30 -subj /CN=sns.amazonaws.com`)
	return []string{"--signing-certificate", file + ".crt"}
}

// shell runs a script with these variables and returns what it prints.
func shell(t *testing.T, env []string, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Env = append(environment(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	return string(out)
}

// tryBlock is the one block of shell below "## Try it" of a page; empty where the page has no such section.
func tryBlock(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	must(t, err)
	_, section, found := strings.Cut(string(text), "\n## Try it\n")
	if !found {
		return ""
	}
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := strings.Split(section, "```sh\n")
	if len(blocks) != 2 {
		t.Fatalf("%s has %d blocks of shell below Try it, want one", page, len(blocks)-1)
	}
	block, _, _ := strings.Cut(blocks[1], "```")
	return block
}

func TestThePageOfEveryProviderCanBeFollowedWithCurlAndOpenssl(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/providers/*.md")
	must(t, err)
	var followed []string
	s := serve(t, filepath.Join(t.TempDir(), "tidings.db"))
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if name == "README" {
			continue
		}
		block := tryBlock(t, page)
		if block == "" {
			t.Errorf("%s has no section Try it", page)
			continue
		}
		followed = append(followed, name)
		t.Run(name, func(t *testing.T) { follow(t, s, name, block) })
	}
	for name := range tries {
		if !slices.Contains(followed, name) {
			t.Errorf("docs/providers/%s.md is missing, or is not followed", name)
		}
	}
}

// follow creates a source as a page says, runs its block, tests the source and looks for what came of it: of the block an
// event, of the test nothing.
func follow(t *testing.T, s *server, name, block string) {
	t.Helper()
	try, known := tries[name]
	if !known {
		t.Fatalf("docs/providers/%s.md has a section Try it and no row in the table of this test", name)
	}
	var env, forged []string
	if try.key != nil {
		file := filepath.Join(t.TempDir(), "key.pem")
		try.args = append(slices.Clone(try.args), try.key(t, file)...)
		try.key(t, file+".other")
		env, forged = append(env, "KEY="+file), append(forged, "KEY="+file+".other")
	}
	args := append([]string{"source", "create", "--db", s.db, "--provider", name, "--name", name, "--public-url", s.base}, try.args...)
	for flag, secret := range map[string]string{"--secret": try.secret, "--basic-auth": try.basic} {
		if secret != "" {
			args = append(args, flag, secret)
			env = append(env, "SECRET="+secret)
			forged = append(forged, "SECRET="+strings.Replace(secret, "o", "p", 1))
		}
	}
	var made struct{ ID, URL string }
	ask(t, &made, args...)
	if out := shell(t, append(forged, "URL="+made.URL), block); !strings.HasPrefix(out, "40") {
		t.Errorf("with another secret the block of %s prints %s", name, out)
	}
	if out := shell(t, append(env, "URL="+made.URL), block); strings.TrimSpace(out) != "200" {
		t.Fatalf("the block of %s prints %s\n%s", name, out, s.log())
	}
	var tested struct {
		OK    bool
		Steps []struct{ Name, State, Detail string }
	}
	ask(t, &tested, "source", "test", made.ID, "--db", s.db, "--public-url", s.base)
	if !tested.OK || len(tested.Steps) < 9 {
		t.Errorf("the self-test of %s finds %+v", name, tested)
	}
	var list struct {
		Events []struct{ Name, Recipient string }
	}
	ask(t, &list, "events", "list", "--db", s.db, "--source", made.ID)
	if len(list.Events) != 1 || list.Events[0].Name == "email.unknown" || !strings.HasSuffix(list.Events[0].Recipient, ".test") {
		t.Errorf("the request of %s became %+v, want one event", name, list.Events)
	}
}
