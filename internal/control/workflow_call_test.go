package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/netguard"
	"tidings/internal/store"
	"tidings/test/database"
)

// hooked is a workflow that calls a URL when somebody pays. next leads on.
func hooked(t *testing.T, webhook, next string) string {
	t.Helper()
	sorry := ""
	if strings.Contains(next, "sorry") {
		sorry = `,{"id":"sorry","exit":{"reason":"not called"}}`
	}
	return `{"key":"hook","name":"Hook","trigger":{"on":{"event":"order.paid"}},"reentry":{"mode":"parallel"},"steps":[
		{"id":"call","webhook":` + webhook + `,"next":` + next + `},
		{"id":"end","exit":{"reason":"called"}}` + sorry + `]}`
}

// peer is a server that answers as a test says.
func peer(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func TestAWebhookTellsWhoTheRunIsAbout(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		var got []string
		hook := peer(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			must(t, err)
			got = append(got, r.Method+" "+r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("User-Agent"),
				r.Header.Get("Idempotency-Key"), string(body))
			w.WriteHeader(http.StatusAccepted)
		})
		f.define(defined(t, hooked(t, `{"url":"`+hook+`/{{ data.plan | url_encode }}"}`, `{"":"end"}`)))
		f.happens("Lea@acme.test", "order.paid", `{"plan":"a b","tag":"<b>"}`)
		f.calls()
		run := f.runs("hook")[0]
		if want := "lea@acme.test EXITED end called"; f.told("hook") != want {
			t.Fatalf("it is %s: %s", f.told("hook"), f.marks(run.ID))
		}
		if marks := f.marks(run.ID); marks != "call  202\nend exited called" {
			t.Errorf("it did\n%s", marks)
		}
		head := []string{"POST /a+b", "application/json", "Tidings/1.2.3", run.ID + ":1"}
		if len(got) != 5 || fmt.Sprint(got[:4]) != fmt.Sprint(head) {
			t.Fatalf("the peer got %q", got)
		}
		var body struct {
			Contact struct {
				Email      string
				Subscribed bool
				Data       map[string]any
			}
			Workflow  struct{ ID, Name string }
			Execution struct{ ID, StartedAt string }
			Event     map[string]any
		}
		must(t, json.Unmarshal([]byte(got[4]), &body))
		if body.Contact.Email != "lea@acme.test" || !body.Contact.Subscribed || body.Contact.Data["plan"] != "a b" ||
			body.Workflow.ID != run.WorkflowID || body.Workflow.Name != "Hook" || body.Execution.ID != run.ID ||
			body.Execution.StartedAt != "2026-05-05T12:00:00Z" || body.Event["plan"] != "a b" ||
			!strings.Contains(got[4], `"tag":"<b>"`) {
			t.Errorf("it said %s", got[4])
		}
	})
}

func TestAWebhookSaysWhatItsDefinitionSays(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	var got []string
	hook := peer(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		must(t, err)
		got = append(got, fmt.Sprint(r.Method, " ", r.Header.Get("X-Plan"), " ", r.Header.Get("Content-Type"), " ", string(body)))
	})
	f.define(
		defined(t, strings.ReplaceAll(hooked(t, `{"url":"`+hook+`","method":"PUT","headers":{"x-plan":"{{ data.plan }}",
			"content-type":"text/plain"},"body":"{{ contact.email }} has {{ data.plan | upcase }}"}`, `{"":"end"}`), `"hook"`, `"put"`)),
		defined(t, strings.ReplaceAll(hooked(t, `{"url":"`+hook+`","method":"GET"}`, `{"":"end"}`), `"hook"`, `"get"`)),
		defined(t, strings.ReplaceAll(hooked(t, `{"url":"`+hook+`","headers":{"x-plan":"{{ data.two }}"}}`, `{"":"end"}`), `"hook"`, `"two"`)),
		defined(t, strings.ReplaceAll(hooked(t, `{"url":"{{ data.plan }}"}`, `{"":"end","failed":"sorry"}`), `"hook"`, `"bad"`)),
	)
	f.happens("lea@acme.test", "order.paid", `{"plan":"team","two":"a\nb: c"}`)
	f.calls()
	for key, want := range map[string]string{
		"put": "EXITED end called", "get": "EXITED end called", "two": "FAILED call webhook.headers.x-plan: must be one line",
		"bad": "EXITED sorry not called",
	} {
		if told := f.told(key); !strings.HasSuffix(told, want) {
			t.Errorf("%s: %s", key, told)
		}
	}
	if len(got) != 2 || !strings.Contains(strings.Join(got, "|"), "PUT team text/plain lea@acme.test has TEAM") ||
		!strings.Contains(strings.Join(got, "|"), "GET   ") {
		t.Errorf("the peer got %q", got)
	}
}

func TestAWebhookIsTriedAgainWhereThatMayHelp(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name   string
		status int
		header string
		wait   time.Duration // until it is tried again, at least; 0: never
		detail string
	}{
		{"500", 500, "", time.Second, "500 Internal Server Error it broke"},
		{"429 with seconds", 429, "120", 2 * time.Minute, "429 Too Many Requests it broke"},
		{"503 with a time", 503, "Tue, 05 May 2026 13:00:00 GMT", time.Hour, "503 Service Unavailable it broke"},
		{"408 with a year", 408, "31536000", 24 * time.Hour, "408 Request Timeout it broke"},
		{"404", 404, "120", 0, "404 Not Found it broke"},
		{"304", 304, "", 0, "304 Not Modified"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t, database.New(t, "sqlite"))
			calls := 0
			hook := peer(t, func(w http.ResponseWriter, r *http.Request) {
				if calls++; calls > 1 {
					return
				}
				if x.header != "" {
					w.Header().Set("Retry-After", x.header)
				}
				w.WriteHeader(x.status)
				_, _ = io.WriteString(w, "it\n broke")
			})
			f.define(defined(t, hooked(t, `{"url":"`+hook+`"}`, `{"":"end","failed":"sorry"}`)))
			f.happens("lea@acme.test", "order.paid", `{}`)
			f.calls()
			run := f.runs("hook")[0]
			if !strings.HasPrefix(f.marks(run.ID), strings.TrimSpace("call failed "+x.detail)) &&
				!strings.HasPrefix(f.marks(run.ID), "call  "+x.detail) {
				t.Errorf("it did\n%s", f.marks(run.ID))
			}
			if x.wait == 0 {
				if want := "lea@acme.test EXITED sorry not called"; f.told("hook") != want {
					t.Errorf("it is %s", f.told("hook"))
				}
				return
			}
			wait := run.Due.Sub(f.clock())
			if run.Status.Open() && (wait < x.wait || wait > x.wait+10*time.Second) {
				t.Errorf("it waits for %s", wait)
			}
			f.jump(wait)
			f.goOn()
			f.calls()
			if want := "lea@acme.test EXITED end called"; f.told("hook") != want || calls != 2 {
				t.Errorf("it is %s after %d calls", f.told("hook"), calls)
			}
		})
	}
}

func TestARedirectOfAWebhookIsFollowedWithinBounds(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	var saw []string
	other := peer(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		must(t, err)
		saw = append(saw, r.Method+" "+r.Header.Get("X-Secret")+" "+r.Header.Get("Idempotency-Key")+" "+string(body))
	})
	hook := peer(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/there": other, "/tls": "https://127.0.0.1:1/", "/meta": "http://169.254.169.254/", "/round": "/round"}
		http.Redirect(w, r, to[r.URL.Path], http.StatusTemporaryRedirect)
	})
	for _, path := range []string{"there", "tls", "meta", "round"} {
		text := hooked(t, `{"url":"`+hook+`/`+path+`","body":"hello","headers":{"x-secret":"s"}}`, `{"":"end"}`)
		f.define(defined(t, strings.ReplaceAll(text, `"hook"`, `"`+path+`"`)))
	}
	f.happens("lea@acme.test", "order.paid", `{}`)
	f.calls()
	for path, want := range map[string]string{
		"there": "EXITED end called", "tls": "FAILED call it leads from http to https",
		"meta": "169.254.169.254 is not a public address", "round": "FAILED call it leads on more than 5 times",
	} {
		if !strings.Contains(f.told(path), want) {
			t.Errorf("%s: %s", path, f.told(path))
		}
	}
	if want := "POST  " + f.runs("there")[0].ID + ":1 hello"; len(saw) != 1 || saw[0] != want {
		t.Errorf("the other host saw %q", saw)
	}
}

func TestAWebhookOfAnAddressThatIsNotPublicIsRefusedUnlessItIsAllowed(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	f.Webhooks = control.NewCaller(&netguard.Guard{}, "1.2.3")
	reached := false
	hook := peer(t, func(http.ResponseWriter, *http.Request) { reached = true })
	for key, url := range map[string]string{
		"loopback": hook, "metadata": "http://169.254.169.254/latest/meta-data/", "name": strings.Replace(hook, "127.0.0.1", "localhost", 1),
	} {
		text := hooked(t, `{"url":"`+url+`"}`, `{"":"end"}`)
		f.define(defined(t, strings.ReplaceAll(text, `"hook"`, `"`+key+`"`)))
	}
	f.happens("lea@acme.test", "order.paid", `{}`)
	f.calls()
	for _, key := range []string{"loopback", "metadata", "name"} {
		if !strings.Contains(f.told(key), "FAILED call ") || !strings.Contains(f.told(key), "is not a public address") {
			t.Errorf("%s: %s", key, f.told(key))
		}
	}
	if reached {
		t.Error("it was reached")
	}
}

func TestACallOfARunThatIsElsewhereByNowIsNotMade(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	calls := 0
	hook := peer(t, func(http.ResponseWriter, *http.Request) { calls++ })
	f.define(defined(t, hooked(t, `{"url":"`+hook+`"}`, `{"":"end"}`)))
	f.happens("lea@acme.test", "order.paid", `{}`)
	run := f.runs("hook")[0]
	f.calls()
	for _, c := range []store.RunCall{
		{Project: store.DefaultProject, Run: run.ID, Visit: run.Visit},
		{Project: store.DefaultProject, Run: "exe_00000000000000000", Visit: 1},
	} {
		payload, err := json.Marshal(c)
		must(t, err)
		must(t, f.CallWebhook(t.Context(), payload))
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

func TestABinaryAnswerOfAWebhookIsStoredOnBothEngines(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		hook := peer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "no\x00\x1b[31m\xff way")
		})
		f.define(defined(t, hooked(t, `{"url":"`+hook+`"}`, `{"":"end","failed":"sorry"}`)))
		f.happens("lea@acme.test", "order.paid", `{}`)
		f.calls()
		if got, want := f.marks(f.runs("hook")[0].ID), "call failed 400 Bad Request no [31m way"; !strings.HasPrefix(got, want) {
			t.Errorf("%q", got)
		}
	})
}
