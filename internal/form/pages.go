package form

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"strings"

	"tidings/internal/control"
	"tidings/internal/store"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// pages are the templates.
type pages struct{ page *template.Template }

func newPages() *pages { return &pages{page: template.Must(template.New("page").Parse(pageHTML))} }

// policy lets a page load nothing but its own style and the brand's logo, and send itself to us and to the sites that we send
// people to.
func policy(style, logo string, sites ...string) string {
	sum := sha256.Sum256([]byte(style))
	images := ""
	for _, origin := range origins(logo) {
		images = "; img-src " + origin
	}
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'" + images + "; form-action " +
		strings.Join(append([]string{"'self'"}, sites...), " ") + "; base-uri 'none'; frame-ancestors 'none'"
}

// page is what a page shows.
type page struct {
	Title   string
	Heading string
	Text    string
	Style   template.CSS
	Wrong   bool   // something that was filled in is wrong
	Notice  string // what was just done; empty: nothing
	Ask     *ask   // nil: there is nothing to send
	Parts   []part
	More    string // the path of the page with all that there is to choose; empty: no link to it
	Sender  string // of whom the page is
	Logo    string // its address; empty: none
	color   string // #rrggbb; empty: ours
	sites   []string
}

// branded makes the page look as whoever sends.
func (p *page) branded(b store.Brand) *page {
	p.Sender, p.Logo, p.color = b.Name, b.LogoURL, b.Color
	if b.Name != "" && p.Title == anybody {
		p.Title = b.Name
	}
	return p
}

// anybody is the title of a page of somebody without a name.
const anybody = "Subscription"

// part is a form with one thing to do.
type part struct {
	Action, Does string
	Heading      string
	Text         string
	Topics       []topic
	Choices      []control.SnoozeChoice
	Snooze       string // what is asked for without a choice
	Button       string
	Plain        bool // it is not what the page is for
}

// topic is a kind of mail to choose.
type topic struct {
	Slug, Name, About string
	Takes             bool
}

// ask is a form.
type ask struct {
	Action string
	Fields []field
	Trap   string // its name; empty: there is none
	Topics []string
	Button string
	Small  string
}

// field is one line of a form.
type field struct {
	ID, Name, Label, Type, Complete, Value string
	Required, First                        bool
	Most                                   int
	Wrong                                  string
}

// completes are the names that browsers know of what they fill in by themselves.
var completes = map[string]string{
	"firstname": "given-name", "first_name": "given-name", "lastname": "family-name", "last_name": "family-name", "name": "name",
	"company": "organization", "city": "address-level2", "country": "country-name", "phone": "tel",
}

// page makes the page of a form; asked is what was filled in, and wrong what is wrong with it.
func (d *door) page(f *store.Form, asked *control.JoinRequest, wrong map[string]string) *page {
	if asked == nil {
		asked = &control.JoinRequest{}
	}
	a := &ask{Action: subscribePath + f.Token, Trap: control.FormTrap, Button: "Subscribe"}
	if f.DoubleOptIn {
		a.Small = "We send you a link to confirm it. You can unsubscribe at any time."
	} else {
		a.Small = "You can unsubscribe at any time."
	}
	a.Fields = append(a.Fields, field{
		Name: "email", Label: "Email address", Type: "email", Complete: "email", Value: asked.Email, Required: true, Most: 512,
	})
	for _, x := range f.Fields {
		complete := completes[strings.ToLower(x.Name)]
		if complete == "" {
			complete = "on"
		}
		a.Fields = append(a.Fields, field{
			Name: x.Name, Label: x.Label, Type: "text", Complete: complete, Value: asked.Fields[x.Name],
			Required: x.Required, Most: 500,
		})
	}
	first := true
	for i := range a.Fields {
		x := &a.Fields[i]
		x.ID, x.Wrong = "f"+strconv.Itoa(i), sentence(wrong[x.Name])
		x.First = first && x.Wrong != ""
		first = first && x.Wrong == ""
	}
	return &page{
		Title: f.Name, Heading: f.Name, Wrong: len(wrong) > 0, Ask: a, sites: origins(f.RedirectURL),
	}
}

// sentence makes what is wrong with a field a sentence of its own.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return "This " + s + "."
}

// confirmation makes the page that a link to confirm leads to: the same whether it was used or not.
func (d *door) confirmation(x *control.Confirmation, token string) *page {
	p := &page{
		Title: titleOf(x.Form), Heading: "Do you want our mail?",
		Text: "Somebody, we hope you, asked to be subscribed. If it was not you, close this page: nothing happens.",
		Ask:  &ask{Action: confirmPath + token, Button: "Yes, subscribe me", Small: "You can unsubscribe at any time."},
	}
	if x.Form != nil {
		p.sites = origins(x.Form.ConfirmedURL)
	}
	return p
}

// said makes a page that only says something.
func said(title, heading, text string) *page {
	return &page{Title: title, Heading: heading, Text: text}
}

func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, x *page) {
	style := pageCSS + brandCSS(x.color)
	x.Style = template.CSS(style) //nolint:gosec // it is ours, and a color that was checked
	var b bytes.Buffer
	if err := p.page.Execute(&b, x); err != nil {
		panic(err) // a template of ours over texts: a test makes every page
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy(style, x.Logo, x.sites...))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // whoever is gone does not read it
	}
}

// brandCSS colors what is pressed, with letters that stand out from it.
func brandCSS(color string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil || len(color) != len("#rrggbb") {
		return ""
	}
	letters := "#fff"
	if luminance(uint32(n)) > darkest {
		letters = "#000"
	}
	return fmt.Sprintf(":root { --button: #%06x; --on: %s; }\n", n, letters)
}

// darkest is the luminance above which black letters stand out more than white ones: (L+0.05)/0.05 = 1.05/(L+0.05).
const darkest = 0.179

// luminance is that of WCAG 2, between 0 and 1.
func luminance(rgb uint32) float64 {
	part := func(shift int) float64 {
		c := float64(rgb>>shift&0xff) / 0xff
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}
