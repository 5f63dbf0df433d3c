package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// pipe runs a command as a mail server does, with a mail on its standard input.
func pipe(t *testing.T, mail string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Getenv(binaryVariable), args...)
	cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = environment(), t.TempDir(), strings.NewReader(mail), &out, &errOut
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("tidings %q: %v, %s", args, err, &errOut)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

const reportMail = `From bounces Mon May  4 10:12:09 2026
Return-Path: <>
From: MAILER-DAEMON@mail.send.test (Mail Delivery System)
Date: Mon,  4 May 2026 10:12:03 +0000 (UTC)
Message-ID: <20260504101203.4ZQ1xN0Yz3z5@mail.send.test>
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.send.test

Final-Recipient: rfc822; ghost@acme.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--part
Content-Type: message/rfc822

Message-ID: <m1@send.test>
From: app@send.test
Subject: Welcome

`

// A mail server keeps a mail where the code is 75, gives it up where it is 65, and forgets it where it is 0.
func TestAMailServersPipeStoresAReportOnceOrKeepsIt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db string) {
		s := serve(t, db)
		var made struct{ ID, URL string }
		ask(t, &made, "source", "create", "--db", db, "--provider", "dsn", "--name", "bounces", "--public-url", s.base,
			"--basic-auth", "postfix:secret")
		withPassword := strings.Replace(made.URL, "http://", "http://postfix:secret@", 1)
		long := reportMail + strings.Repeat("All that was sent.\n", 1<<18) // 4.9 MiB
		for _, c := range []struct {
			what, mail, says string
			code             int
			args             []string
		}{
			{"a report", reportMail, "", 0, []string{"--url", withPassword}},
			{"a report beside the server", reportMail, "", 0, []string{"--source", made.ID, "--db", db}},
			{"a long one", long, "", 0, []string{"--url", withPassword}},
			{"a long one beside the server", long, "", 0, []string{"--source", made.ID, "--db", db}},
			{"a letter", "From: lea@acme.test\n\nHello", "", 0, []string{"--url", withPassword}},
			{"no password", reportMail, "401", 75, []string{"--url", made.URL}},
			{"another token", reportMail, "no source has this URL", 75, []string{"--url", made.URL + "x"}},
			{"no server", reportMail, "refused", 75, []string{"--url", "http://127.0.0.1:1/in/dsn/secret"}},
			{"no URL", reportMail, "no URL", 75, []string{"--url", "http://\x7f/secret"}},
			{"another source", reportMail, "no such source", 75, []string{"--source", "src_none", "--db", db}},
			{"neither", reportMail, "--url or --source", 75, nil},
			{"a wrong flag", reportMail, "unknown flag", 75, []string{"--uri", made.URL}},
			{"nothing", "", "no mail", 65, []string{"--url", withPassword}},
			{"no mail", "hello", "no mail", 65, []string{"--url", withPassword}},
			{"no mail beside the server", "hello", "no mail", 65, []string{"--source", made.ID, "--db", db}},
		} {
			r := pipe(t, c.mail, append([]string{"dsn"}, c.args...)...)
			if r.code != c.code || !strings.Contains(r.errOut, c.says) || r.out != "" || c.code == 0 && r.errOut != "" {
				t.Errorf("%s: exit code %d, says %q and %q", c.what, r.code, r.out, r.errOut)
			}
			if strings.Contains(r.errOut, "secret") || strings.Contains(r.errOut, "/in/dsn/") {
				t.Errorf("%s: tells the URL: %s", c.what, r.errOut)
			}
		}
		var list struct {
			Events []struct{ Name, Recipient string }
		}
		ask(t, &list, "events", "list", "--db", db)
		names := map[string]int{}
		for _, e := range list.Events {
			names[e.Name+" "+e.Recipient]++
		}
		if !maps.Equal(names, map[string]int{"email.bounce ghost@acme.test": 1, "contact.unsubscribed ghost@acme.test": 1}) {
			t.Errorf("events: %+v", list.Events)
		}
	})
}
