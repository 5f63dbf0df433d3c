package stats_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/stats"
)

// User agents as open and click events show them.
const (
	chrome      = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
	edge        = chrome + " Edg/124.0.2478.67"
	firefox     = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
	pixel       = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36"
	safari      = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
	ipad        = "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1"
	appleMac    = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
	applePhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
	thunderbird = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.10.1"
	outlook     = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; Microsoft Outlook 16.0.5426; ms-office; MSOffice 16)"
	outlookMac  = "Mozilla/4.0 (compatible; ms-office; MSOffice rmj)"
	outlookIOS  = "Outlook-iOS/709.2226530.prod.iphone (3.24.1)"
	gmail       = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
	yahoo       = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
	prefetch    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
	headless    = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.6099.109 Safari/537.36"
	discovery   = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Microsoft Office Existence Discovery"
	slack       = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
	googlebot   = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)

func judge(v event.Verdict, signals ...string) *event.Automation {
	return &event.Automation{Verdict: v, Signals: signals}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const open, click = event.EmailOpen, event.EmailClick
	const home, apple = "192.0.2.7", "17.58.0.9"
	for _, c := range []struct {
		name      string
		event     event.Name
		agent, ip string
		after     time.Duration // the message's sending; 0: not said
		want      *event.Automation
	}{
		{"Apple's prefetch", open, "Mozilla/5.0", home, time.Hour, judge(event.Machine, "apple_mpp")},
		{"Apple's prefetch from Apple", open, "Mozilla/5.0", apple, 0, judge(event.Machine, "apple_mpp", "apple_network")},
		{"Apple's network alone", open, safari, apple, 0, judge(event.Proxy, "apple_network")},
		{"Apple's network as IPv6", open, safari, "::ffff:17.58.0.9", 0, judge(event.Proxy, "apple_network")},
		{"Gmail's old prefetch", open, prefetch, home, time.Hour, judge(event.Machine, "gmail_prefetch")},
		{"Gmail's image proxy", open, gmail, home, time.Hour, judge(event.Proxy, "google_image_proxy")},
		{"Gmail's image proxy at once", open, gmail, home, 2 * time.Second, judge(event.Machine, "google_image_proxy", "too_soon")},
		{"Gmail's image proxy a little later", open, gmail, home, 2001 * time.Millisecond, judge(event.Proxy, "google_image_proxy")},
		{"Yahoo's image proxy", open, yahoo, home, time.Hour, judge(event.Proxy, "yahoo_mail_proxy")},
		{"Chrome", open, chrome, home, time.Hour, judge(event.Human)},
		{"Edge", click, edge, home, time.Hour, judge(event.Human)},
		{"Firefox", click, firefox, home, time.Hour, judge(event.Human)},
		{"Safari on a phone", click, safari, home, time.Hour, judge(event.Human)},
		{"Chrome on a phone", open, pixel, home, time.Hour, judge(event.Human)},
		{"Apple Mail", open, appleMac, home, time.Hour, judge(event.Human)},
		{"Apple Mail on a phone", open, applePhone, home, time.Hour, judge(event.Human)},
		{"Thunderbird", open, thunderbird, home, time.Hour, judge(event.Human)},
		{"Outlook", open, outlook, home, time.Hour, judge(event.Human)},
		{"Outlook on a Mac", open, outlookMac, home, time.Hour, judge(event.Human)},
		{"Outlook on a phone", open, outlookIOS, home, time.Hour, judge(event.Human)},
		{"a browser at once", open, chrome, home, 400 * time.Millisecond, judge(event.Machine, "too_soon")},
		{"an open after 4 s", open, chrome, home, 4 * time.Second, judge(event.Human)},
		{"a click after 4 s", click, chrome, home, 4 * time.Second, judge(event.Machine, "too_soon")},
		{"a click after 5 s", click, chrome, home, 5 * time.Second, judge(event.Human)},
		{"a click before the sending: the clocks differ", click, chrome, home, -time.Second, judge(event.Human)},
		{"Barracuda", click, "BarracudaCentral/1.0", home, 0, judge(event.Machine, "barracuda")},
		{"Proofpoint", click, "Mozilla/5.0 (compatible; proofpoint)", home, 0, judge(event.Machine, "proofpoint")},
		{"Trend Micro", click, "TMES/5.6", home, 0, judge(event.Machine, "trend_micro")},
		{"Microsoft's discovery", click, discovery, home, 0, judge(event.Machine, "microsoft_defender")},
		{"python", click, "python-requests/2.31.0", home, 0, judge(event.Machine, "http_library")},
		{"curl", click, "curl/8.5.0", home, 0, judge(event.Machine, "http_library")},
		{"Go", click, "Go-http-client/1.1", home, 0, judge(event.Machine, "http_library")},
		{"Java", click, "Java/1.8.0_402", home, 0, judge(event.Machine, "http_library")},
		{"a browser without a window", click, headless, home, 0, judge(event.Machine, "headless_browser")},
		{"a link preview", click, slack, home, 0, judge(event.Machine, "preview")},
		{"a crawler", click, googlebot, home, 0, judge(event.Machine, "crawler")},
		{"a click without a user agent", click, "", home, 0, judge(event.Machine, "no_user_agent")},
		{"a click with a blank user agent", click, " \t", home, 0, judge(event.Machine, "no_user_agent")},
		{"an open without a user agent", open, "", home, time.Hour, judge(event.Unsure)},
		{"an open that says nothing", open, "", "", 0, judge(event.Unsure)},
		{"a click that says nothing", click, "", "", 0, judge(event.Unsure)},
		{"a click that says nothing, at once", click, "", "", time.Second, judge(event.Machine, "too_soon")},
		{"an address that is hidden", open, chrome, "192.0.2.x", 0, judge(event.Human)},
		{"a user agent that goes on", open, "Mozilla/5.0 (unknown)", home, 0, judge(event.Human)},
		{"a user agent beyond all measure", open, chrome + strings.Repeat(" x", 9999) + " curl/8", home, 0, judge(event.Human)},
		{"a delivery", event.EmailDelivery, chrome, home, 0, nil},
		{"a custom event", "page.viewed", "curl/8.5.0", home, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sent := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
			e := event.Event{
				Name: c.event, OccurredAt: sent.Add(c.after), Message: &event.Message{},
				Client: &event.Client{UserAgent: c.agent, IP: c.ip},
			}
			if c.after != 0 {
				e.Message.SentAt = sent
			}
			if diff := cmp.Diff(c.want, stats.DefaultRules().Judge(&e)); diff != "" {
				t.Errorf("automation (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheProvidersOwnVerdictIsKept(t *testing.T) {
	t.Parallel()
	own := judge(event.Human, "provider")
	e := event.Event{Name: event.EmailOpen, Automation: own, Client: &event.Client{UserAgent: "curl/8.5.0"}}
	if got := stats.DefaultRules().Judge(&e); got != own {
		t.Errorf("the provider's verdict became %+v", got)
	}
}

func TestAnEventWithoutClientAndMessageIsUnknown(t *testing.T) {
	t.Parallel()
	e := event.Event{Name: event.EmailClick}
	if diff := cmp.Diff(judge(event.Unsure), stats.DefaultRules().Judge(&e)); diff != "" {
		t.Error(diff)
	}
}

// What was judged before must not matter: forgetting and remembering user agents is not seen from outside.
func TestJudgeIsAFunctionOfTheEventAlone(t *testing.T) {
	t.Parallel()
	rules := stats.DefaultRules()
	open := func(agent string) *event.Event {
		return &event.Event{Name: event.EmailOpen, Client: &event.Client{UserAgent: agent}}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 6000 {
				rules.Judge(open(fmt.Sprintf("%s build %d", chrome, i%5000)))
			}
		})
	}
	wg.Wait()
	rapid.Check(t, func(t *rapid.T) {
		agent := rapid.OneOf(
			rapid.String(), rapid.SampledFrom([]string{chrome, gmail, "curl/8.5.0", "Mozilla/5.0"}),
		).Draw(t, "agent")
		if diff := cmp.Diff(stats.DefaultRules().Judge(open(agent)), rules.Judge(open(agent))); diff != "" {
			t.Errorf("fresh and used rules differ (-fresh +used):\n%s", diff)
		}
	})
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, agent, device, os, app string }{
		{"Chrome", chrome, "desktop", "Windows", "Chrome"},
		{"Edge", edge, "desktop", "Windows", "Edge"},
		{"Firefox", firefox, "desktop", "Linux", "Firefox"},
		{"Chrome on a phone", pixel, "mobile", "Android", "Chrome"},
		{"Safari on a phone", safari, "mobile", "iOS", "Safari"},
		{"Safari on a tablet", ipad, "tablet", "iOS", "Safari"},
		{"Apple Mail", appleMac, "desktop", "macOS", "Apple Mail"},
		{"Apple Mail on a phone", applePhone, "mobile", "iOS", "Apple Mail"},
		{"Thunderbird", thunderbird, "desktop", "Linux", "Thunderbird"},
		{"Outlook", outlook, "desktop", "Windows", "Outlook"},
		{"Outlook on a phone", outlookIOS, "", "", "Outlook"},
		{"Gmail's proxy hides the device", gmail, "", "", "Gmail"},
		{"Yahoo's proxy hides the device", yahoo, "", "", "Yahoo Mail"},
		{"a program", "curl/8.5.0", "bot", "", "curl"},
		{"a crawler", googlebot, "bot", "", "Googlebot"},
		{"a prefetch that looks like Edge", prefetch, "bot", "", "Edge"},
		{"nothing", "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := event.Client{UserAgent: c.agent}
			stats.DefaultRules().Describe(&got)
			want := event.Client{UserAgent: c.agent, Device: c.device, OS: c.os, App: c.app}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("client (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkIsForOpensAndClicks(t *testing.T) {
	t.Parallel()
	r := stats.DefaultRules()
	for _, c := range []struct {
		name event.Name
		want event.Event
	}{
		{event.EmailOpen, event.Event{
			Automation: judge(event.Proxy, "google_image_proxy"), Client: &event.Client{UserAgent: gmail, App: "Gmail"},
		}},
		{event.EmailClick, event.Event{
			Automation: judge(event.Proxy, "google_image_proxy"), Client: &event.Client{UserAgent: gmail, App: "Gmail"},
		}},
		{event.EmailComplaint, event.Event{Client: &event.Client{UserAgent: gmail}}},
	} {
		e := event.Event{Name: c.name, Client: &event.Client{UserAgent: gmail}}
		c.want.Name = c.name
		for range 2 {
			r.Mark(&e)
			if diff := cmp.Diff(c.want, e); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
	}
}

func TestDescribeKeepsWhatTheProviderSaid(t *testing.T) {
	t.Parallel()
	r := stats.DefaultRules()
	r.Describe(nil)
	c := event.Client{UserAgent: chrome, Device: "tablet", App: "Their words"}
	r.Describe(&c)
	want := event.Client{UserAgent: chrome, Device: "tablet", App: "Their words", OS: "Windows"}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("client (-want +got):\n%s", diff)
	}
}

func FuzzDescribe(f *testing.F) {
	for _, agent := range []string{
		chrome, safari, outlook, gmail, slack, "", "Android", "Android;", "(Android; tablet", "FBAN/x [FB_IAB/y;",
		"OpenHarmony 1 XiaoMi/MiuiBrowser/", "CrOS x86_64 ", "\x00\xff/\xff(", strings.Repeat("é/", 400),
		"0" + strings.Repeat("\xc3", 20) + "0",
	} {
		f.Add(agent)
	}
	rules := stats.DefaultRules()
	f.Fuzz(func(t *testing.T, agent string) {
		c := event.Client{UserAgent: agent}
		rules.Describe(&c)
		for _, s := range []string{c.Device, c.OS, c.App} {
			if len(s) > 64 || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				t.Errorf("%q of %q is not fit for storing", s, agent)
			}
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	e := event.Event{
		Name: event.EmailOpen, Message: &event.Message{SentAt: time.UnixMilli(1)}, OccurredAt: time.UnixMilli(9_000_000),
		Client: &event.Client{UserAgent: gmail, IP: "192.0.2.7"},
	}
	b.Run("a user agent that came before", func(b *testing.B) {
		rules := stats.DefaultRules()
		b.ReportAllocs()
		for b.Loop() {
			c := *e.Client
			e.Client = &c
			rules.Describe(&c)
			rules.Judge(&e)
		}
	})
	b.Run("a new user agent each time", func(b *testing.B) {
		rules := stats.DefaultRules()
		agents := make([]string, 20_000)
		for i := range agents {
			agents[i] = fmt.Sprintf("%s build %d", chrome, i)
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			e.Client = &event.Client{UserAgent: agents[i%len(agents)], IP: "192.0.2.7"}
			rules.Describe(e.Client)
			rules.Judge(&e)
		}
	})
}
