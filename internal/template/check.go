package template

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// clipped is how long an email may be before Gmail shows only its beginning, in bytes.
const clipped = 102 << 10

const relative = " is relative: in an email there is nothing that it is relative to. Begin it with https://."

// problemAt is a problem of the body at an offset.
func problemAt(src string, at int, says string) Problem {
	before := src[:at]
	line := strings.Count(before, "\n") + 1
	return Problem{PartBody, line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1, says}
}

// checkHTML finds links that lead nowhere and images that are not shown.
func checkHTML(src string) (list []Problem) {
	if len(src) > clipped {
		list = append(list, Problem{Part: PartBody, Says: fmt.Sprintf(
			"The HTML has %d KB: Gmail shows only the first %d.", len(src)>>10, clipped>>10)})
	}
	flat := masked(src)
	z := html.NewTokenizer(strings.NewReader(flat))
	at := 0
	for {
		kind := z.Next()
		from := at
		at += len(z.Raw())
		if kind == html.ErrorToken {
			return list
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		name, _ := z.TagName()
		raw := flat[from:at]
		attr := func(key string) (string, bool) {
			f, t, _ := attribute(raw, key)
			if f < 0 {
				return "", false
			}
			return strings.TrimSpace(src[from+f : from+t]), true
		}
		says := ""
		switch string(name) {
		case "a":
			says = checkLink(attr("href"))
		case "img":
			says = checkImage(attr)
		}
		if says != "" {
			list = append(list, problemAt(src, from, says))
		}
	}
}

func checkLink(href string, has bool) string {
	switch {
	case !has:
		return "" // a place to jump to
	case href == "" || href == "#":
		return "This link leads nowhere: its href is empty."
	case strings.HasPrefix(href, "{{") || strings.HasPrefix(href, "{%") || strings.HasPrefix(href, "#"):
		return ""
	}
	scheme, _, found := strings.Cut(href, ":")
	switch strings.ToLower(scheme) {
	case "https", "http", "mailto", "tel", "sms":
		if found {
			return badURL(href)
		}
	case "javascript", "data", "vbscript", "file":
		return "Readers of mail don't follow a link of the kind " + scheme + ":."
	}
	if !found || strings.ContainsAny(scheme, "/?{.") {
		return fmt.Sprintf("The link %.60q"+relative, href)
	}
	return ""
}

func badURL(href string) string {
	if strings.Contains(href, "{{") || strings.Contains(href, "{%") {
		return ""
	}
	if u, err := url.Parse(href); err != nil || strings.HasPrefix(u.Scheme, "http") && u.Host == "" {
		return fmt.Sprintf("The link %.60q is no URL.", href)
	}
	return ""
}

func checkImage(attr func(string) (string, bool)) string {
	src, _ := attr("src")
	_, hasAlt := attr("alt")
	switch lower := strings.ToLower(src); {
	case src == "":
		return "This image has no src."
	case strings.HasPrefix(lower, "http:"):
		return "This image is fetched without TLS (http:): many readers of mail don't show it. Use https:."
	case strings.HasPrefix(lower, "data:"):
		return "This image is within the HTML (data:): Gmail and Outlook don't show it. Host it, or attach it and use cid:."
	case !strings.HasPrefix(lower, "https:") && !strings.HasPrefix(lower, "cid:") && !strings.HasPrefix(src, "{"):
		return fmt.Sprintf("The image %.60q"+relative, src)
	case !hasAlt:
		return `This image has no alt: who sees no images gets nothing. Say what it shows, or alt="" where that is nothing.`
	}
	return ""
}
