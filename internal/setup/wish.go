// Package setup provides what has to be there so that Amazon SES tells a source of everything: it compares that with what
// was found, and says which calls would make it so. It makes no call itself and knows no client of AWS.
package setup

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tidings/internal/fault"
)

// Wish is what somebody wants to have set up. Make it right with Complete before anything else.
type Wish struct {
	Partition string // aws, aws-cn, aws-us-gov
	Account   string // the AWS account's 12 digits
	Region    string
	URL       string // how SNS reaches the server, without the base path
	BasePath  string // below which sources are: /in

	Name             string   // of the topic, the queue and the event destination
	ConfigurationSet string   // empty: Name
	Events           []string // the kinds to publish, in any spelling of SES's words; empty: all of Kinds
	TrackingDomain   string   // a custom redirect domain; empty: as it is
	Identities       []string // which are to use the configuration set by default
	SourceID         string   // a source to use; empty: that with the fixed path SourcePath, made where there is none
	Replace          bool     // also change which configuration set an identity uses already
}

// Kinds are the kinds of events that SES publishes, in its own words and order.
func Kinds() []string {
	return []string{
		"SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK", "RENDERING_FAILURE", "DELIVERY_DELAY", "SUBSCRIPTION",
	}
}

var (
	regionForm = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}$`)
	// The strictest of topic, queue (whose name gets a suffix), configuration set (64), and fixed path (which gets the
	// region).
	nameForm   = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$`)
	setForm    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	domainForm = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
)

// Complete fills in what was left out and writes the rest in one form. The error names every flag of the command that
// is wrong.
func (w Wish) Complete() (Wish, error) {
	var wrong []error
	bad := func(flag, format string, args ...any) { wrong = append(wrong, fault.BadField(flag, format, args...)) }
	if !regionForm.MatchString(w.Region) {
		bad("--region", "%.60q is not a region: want one like eu-west-1", w.Region)
	}
	if problem := urlProblem(w.URL); problem != "" {
		bad("--url", "%.200q %s", w.URL, problem)
	}
	if !strings.HasPrefix(w.BasePath, "/") {
		bad("--base-path", "%.60q must begin with a slash", w.BasePath)
	}
	w.URL, w.BasePath = strings.TrimSuffix(w.URL, "/"), strings.TrimSuffix(w.BasePath, "/")
	if !nameForm.MatchString(w.Name) {
		bad("--name", "%.60q must have 1 to 32 lower-case letters, digits and inner dashes", w.Name)
	}
	if w.ConfigurationSet == "" {
		w.ConfigurationSet = w.Name
	}
	if !setForm.MatchString(w.ConfigurationSet) {
		bad("--configuration-set", "%.80q must have 1 to 64 letters, digits, dashes and underscores", w.ConfigurationSet)
	}
	w.TrackingDomain = strings.ToLower(w.TrackingDomain)
	if w.TrackingDomain != "" && !domainForm.MatchString(w.TrackingDomain) {
		bad("--tracking-domain", "%.100q is not a domain: want one like links.example.com", w.TrackingDomain)
	}
	var err error
	if w.Events, err = kinds(w.Events); err != nil {
		wrong = append(wrong, err)
	}
	w.Identities = slices.Compact(slices.Sorted(slices.Values(w.Identities)))
	if slices.Contains(w.Identities, "") {
		bad("--identity", "must be a domain or an address that SES knows")
	}
	return w, errors.Join(wrong...)
}

// urlProblem says why SNS could not post to a URL; empty: it could.
func urlProblem(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "is not the URL of a server: want https://HOST"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "must have neither user, query nor fragment: want https://HOST"
	case u.Scheme == "http" && !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()):
		return "must begin with https://: what SNS posts has addresses in it. Only a server on this machine, with an " +
			"emulator in AWS's place, may be http://"
	}
	return ""
}

// kinds writes chosen kinds in SES's words and order.
func kinds(chosen []string) ([]string, error) {
	all := Kinds()
	if len(chosen) == 0 {
		return all, nil
	}
	var unknown []string
	known := map[string]bool{}
	for _, text := range chosen {
		word := strings.ToUpper(strings.NewReplacer("-", "_", " ", "_").Replace(strings.TrimSpace(text)))
		if !slices.Contains(all, word) {
			unknown = append(unknown, fmt.Sprintf("%.40q", text))
		}
		known[word] = true
	}
	if len(unknown) > 0 {
		return nil, fault.BadField("--events", "%s is not a kind of event of SES: want any of %s", strings.Join(unknown, ", "),
			strings.ReplaceAll(strings.ToLower(strings.Join(all, ", ")), "_", "-"))
	}
	return slices.DeleteFunc(all, func(k string) bool { return !known[k] }), nil
}

// TopicARN is the topic that SES publishes to.
func (w Wish) TopicARN() string { return w.arn("sns", w.Name) }

// QueueName is the dead-letter queue of the subscription.
func (w Wish) QueueName() string { return w.Name + "-undelivered" }

// QueueARN is that of QueueName.
func (w Wish) QueueARN() string { return w.arn("sqs", w.QueueName()) }

func (w Wish) arn(service, name string) string {
	return "arn:" + w.Partition + ":" + service + ":" + w.Region + ":" + w.Account + ":" + name
}

// SourcePath is the fixed path of the source: it holds no secret, so that it may stand in AWS, and a second run knows it.
func (w Wish) SourcePath() string { return w.Name + "-" + w.Region }

// Endpoint is the URL of a source with a fixed path.
func (w Wish) Endpoint(path string) string { return w.URL + w.BasePath + "/ses/" + path }

// Protocol is SNS's word for how to reach the URL: https, or http on this machine.
func (w Wish) Protocol() string {
	scheme, _, _ := strings.Cut(w.URL, ":")
	return scheme
}
