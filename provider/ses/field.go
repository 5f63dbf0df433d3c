package ses

import (
	"strings"
	"time"
)

// topic is a parsed topic ARN.
type topic struct {
	partition, region, account, name string
}

// parseTopic reads arn:{partition}:sns:{region}:{account}:{name}.
func parseTopic(arn string) (topic, bool) {
	p := strings.Split(arn, ":")
	if len(p) != 6 || p[0] != "arn" || p[2] != "sns" {
		return topic{}, false
	}
	t := topic{partition: p[1], region: p[3], account: p[4], name: p[5]}
	ok := strings.HasPrefix(t.partition, "aws") && only(t.partition, isLower, isDash) &&
		t.region != "" && only(t.region, isLower, isDigit, isDash) &&
		len(t.account) == 12 && only(t.account, isDigit) &&
		validTopicName(t.name)
	return t, ok
}

func validTopicName(s string) bool {
	s = strings.TrimSuffix(s, ".fifo")
	return s != "" && len(s) <= 256 && only(s, isLower, isUpper, isDigit, isDash, isUnderscore)
}

func isLower(c byte) bool      { return c >= 'a' && c <= 'z' }
func isUpper(c byte) bool      { return c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool      { return c >= '0' && c <= '9' }
func isDash(c byte) bool       { return c == '-' }
func isUnderscore(c byte) bool { return c == '_' }
func isHex(c byte) bool        { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// only reports whether every byte of s is of one of the classes.
func only(s string, classes ...func(byte) bool) bool {
	for i := range len(s) {
		ok := false
		for _, is := range classes {
			ok = ok || is(s[i])
		}
		if !ok {
			return false
		}
	}
	return true
}

// like compares s with a pattern in which 0 stands for a digit, x for a hexadecimal digit and all else for itself.
func like(s, pattern string) bool {
	if len(s) != len(pattern) {
		return false
	}
	for i := range len(s) {
		ok := s[i] == pattern[i]
		switch pattern[i] {
		case '0':
			ok = isDigit(s[i])
		case 'x':
			ok = isHex(s[i])
		}
		if !ok {
			return false
		}
	}
	return true
}

func isUUID(s string) bool { return like(s, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") }

func isToken(s string) bool { return s != "" && len(s) <= 1024 && only(s, isHex) }

// hasControl reports whether s has a control character, C1 and the Unicode line ends included.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029'
	})
}

// parseEnvelopeTime reads the one form that SNS writes, with three digits of a second.
func parseEnvelopeTime(s string) (time.Time, bool) {
	if !like(s, "0000-00-00T00:00:00.000Z") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// recordTimes are the forms seen in SES records. The second is in AWS's own sample of an identity notification.
var recordTimes = []string{
	time.RFC3339, // takes any fraction of a second
	"2006-01-02T15:04:05 -0700",
	"2006-01-02T15:04:05-0700",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02T15:04:05",
	time.RFC1123Z,
}

// parseTime reads a time of a record; zero where it is absent or in no form that is known.
func parseTime(s string) time.Time {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}
	}
	for _, layout := range recordTimes {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
