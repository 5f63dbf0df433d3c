package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsAreGivenAsTheyAreOrInFilesAndNeverShown(t *testing.T) {
	t.Parallel()
	db, file := filepath.Join(t.TempDir(), "t.db"), filepath.Join(t.TempDir(), "secret")
	const first, second = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="
	if err := os.WriteFile(file, []byte("\n"+second+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	try := func(want int, args ...string) string {
		t.Helper()
		var out, errOut strings.Builder
		if code := run(t.Context(), append(args, "--db", db), &out, &errOut, nil); code != want {
			t.Errorf("%q: exit code %d, want %d: %s", args, code, want, errOut.String())
		}
		all := out.String() + errOut.String()
		if strings.Contains(all, first) || strings.Contains(all, second) {
			t.Errorf("%q shows a secret: %s", args, all)
		}
		return all
	}
	var made struct {
		ID      string
		Secrets int
	}
	text := try(0, "source", "create", "--provider", "generic", "--name", "a", "--secret", first, "--secret", "@"+file, "--json")
	if err := json.Unmarshal([]byte(text), &made); err != nil || made.Secrets != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	text = try(0, "source", "change", made.ID, "--secret", "@"+file, "--json")
	if err := json.Unmarshal([]byte(text), &made); err != nil || made.Secrets != 1 {
		t.Errorf("%v: %s", err, text)
	}
	if text = try(2, "source", "change", made.ID, "--secret", ""); !strings.Contains(text, "empty") {
		t.Errorf("an empty secret: %s", text)
	}
	if text = try(2, "source", "change", made.ID, "--secret", "@"+file+".not"); !strings.Contains(text, "no such file") {
		t.Errorf("no file: %s", text)
	}
	if text = try(2, "source", "create", "--provider", "sendgrid", "--name", "a", "--secret", first); !strings.Contains(text, "settings.secrets[0]") {
		t.Errorf("a secret of another provider: %s", text)
	}
	if text = try(2, "source", "change", made.ID, "--remove", "secret"); !strings.Contains(text, "settings.secrets") {
		t.Errorf("a source without the secret that it needs: %s", text)
	}
	if err := os.WriteFile(file, make([]byte, maxSecretFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if text = try(2, "source", "change", made.ID, "--secret", "@"+file); !strings.Contains(text, "no secret") {
		t.Errorf("a huge file: %s", text)
	}
}
