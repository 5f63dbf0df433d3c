package ses

import (
	"net/url"
	"strings"

	"tidings/provider"
)

// hosts are the DNS suffixes of the partitions that SNS is known to sign for. Others need a pinned certificate.
var hosts = map[string]string{
	"aws":        "amazonaws.com",
	"aws-us-gov": "amazonaws.com",
	"aws-cn":     "amazonaws.com.cn",
}

// endpoint is the SNS host of a topic, and whether its partition and region are of a known form.
func endpoint(t topic) (string, bool) {
	suffix, ok := hosts[t.partition]
	return "sns." + t.region + "." + suffix, ok && isRegion(t.region)
}

// isRegion reports whether s is like us-gov-west-1: two to four letters, one to three words, a number. An S3 endpoint
// such as s3-us-west-2 is not: sns.s3-us-west-2.amazonaws.com is anybody's bucket named "sns".
func isRegion(s string) bool {
	p := strings.Split(s, "-")
	if len(p) < 3 || len(p) > 5 {
		return false
	}
	first, number := p[0], p[len(p)-1]
	if len(first) < 2 || len(first) > 4 || number == "" || len(number) > 2 || !only(number, isDigit) {
		return false
	}
	for _, word := range p[:len(p)-1] {
		if word == "" || !only(word, isLower) {
			return false
		}
	}
	return true
}

const (
	certificatePrefix = "/SimpleNotificationService-"
	certificateSuffix = ".pem"
)

// certificateURL checks the URL of a signing certificate on the string as received, before anything could normalise
// it, and returns one built from the topic's region and the checked file name. Everything but the file name must
// be byte for byte what we would have written, which leaves no place for user names, ports, escapes or other hosts.
func certificateURL(received string, t topic) (string, *provider.Refusal) {
	host, known := endpoint(t)
	prefix := "https://" + host + certificatePrefix
	rest, atHost := strings.CutPrefix(received, prefix)
	name, isPEM := strings.CutSuffix(rest, certificateSuffix)
	isFile := len(name) >= 8 && len(name) <= 64 && only(name, isLower, isUpper, isDigit)
	if !known || !atHost || !isPEM || !isFile {
		return "", provider.Refuse(provider.Forbidden, "bad_certificate_url",
			"the signing certificate is not where SNS keeps its certificates for the topic's region")
	}
	return prefix + name + certificateSuffix, nil
}

// confirm adds the wish to confirm a subscription. The URL is built from checked parts: the SubscribeURL in the
// message is never used, because whoever can write one could make us call any address.
func confirm(r *provider.Result, e *envelope, src provider.Source) {
	host, known := endpoint(e.topic)
	if !known {
		r.Problems = append(r.Problems, provider.Problem{
			Element: -1, Code: "unknown_partition",
			Message: "the host of SNS for partition " + e.topic.partition + " and region " + e.topic.region +
				" is not known: confirm the subscription of " + e.TopicARN + " with the SNS API",
		})
		return
	}
	query := url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {e.TopicARN}, "Token": {e.Token}}
	r.Wishes = append(r.Wishes, provider.Wish{
		Kind: provider.ConfirmSubscription,
		Key:  e.TopicARN,
		URL:  "https://" + host + "/?" + query.Encode(),
		Auto: src.AutoConfirm,
		Note: "SNS topic " + e.topic.name + " of account " + e.topic.account + " in " + e.topic.region,
	})
}
