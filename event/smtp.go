package event

import "strings"

// enhancedReasons are the reasons by enhanced status code (RFC 3463, and the registry of RFC 5248): the whole code
// where its class matters, else subject and detail, else the subject alone. An empty reason stops the search.
var enhancedReasons = map[string]string{
	"4.2.1": ReasonThrottled, // Gmail: receiving mail too quickly. With class 5 it is a closed mailbox.

	"1.1": ReasonNoSuchUser, "1.2": ReasonDNS, "1.3": ReasonNoSuchUser, "1.4": ReasonNoSuchUser,
	"1.6": ReasonNoSuchUser, "1.10": ReasonDNS,
	"2.1": ReasonNoSuchUser, "2.2": ReasonMailboxFull, "2.3": ReasonMessageTooLarge,
	"3.1": ReasonUnreachable, "3.2": ReasonUnreachable, "3.4": ReasonMessageTooLarge,
	"4": ReasonUnreachable, "4.0": "", "4.3": ReasonDNS, "4.5": ReasonThrottled, "4.7": ReasonRetriesExhausted,
	"5.3": ReasonThrottled,
	"6":   ReasonContentRejected,
	"7":   ReasonBlocked, "7.17": ReasonNoSuchUser, "7.18": ReasonNoSuchUser,
	"7.20": ReasonAuthentication, "7.21": ReasonAuthentication, "7.22": ReasonAuthentication,
	"7.23": ReasonAuthentication, "7.24": ReasonAuthentication, "7.25": ReasonAuthentication,
	"7.26": ReasonAuthentication, "7.27": ReasonAuthentication, "7.28": ReasonThrottled, "7.29": ReasonAuthentication,
}

// codeReasons are the reasons by SMTP code (RFC 5321, section 4.2.3) where there is no enhanced code. 550 is not among
// them: it stands for no mailbox, no access and policy alike.
var codeReasons = map[int]string{
	421: ReasonUnreachable,
	551: ReasonNoSuchUser,
	552: ReasonMailboxFull,
	553: ReasonNoSuchUser,
}

// ReasonOfSMTP reads a reason off an SMTP code (0: none) and an enhanced status code ("": none), of which the enhanced
// one says more. It is "" where they say nothing in particular, and for success.
func ReasonOfSMTP(code int, enhanced string) string {
	class, rest, ok := strings.Cut(enhanced, ".")
	if !ok {
		return codeReasons[code]
	}
	if class != "4" && class != "5" {
		return ""
	}
	subject, _, _ := strings.Cut(rest, ".")
	for _, key := range [...]string{enhanced, rest, subject} {
		if reason, ok := enhancedReasons[key]; ok {
			return reason
		}
	}
	return ""
}

// maxDiagnosticType bounds the type before a diagnostic, such as "smtp" or "X-Postfix" (RFC 3464, section 2.3.6).
const maxDiagnosticType = 16

// ParseSMTP finds the SMTP code and the enhanced status code in a remote server's text, such as
// "smtp; 550 5.1.1 no such user" or "smtp; 550-5.1.1 …". Either may stand alone at the beginning; within a sentence
// ("host mx said: 550 5.1.1 …") they are taken only as a pair. What is not there is 0 and "".
func ParseSMTP(diagnostic string) (code int, enhanced string) {
	s := strings.TrimSpace(diagnostic)
	if i := strings.IndexByte(s, ';'); i >= 0 && i <= maxDiagnosticType {
		s = strings.TrimSpace(s[i+1:])
	}
	if code, enhanced = statusAt(s); code != 0 || enhanced != "" {
		return code, enhanced
	}
	for i := 1; i < len(s); i++ {
		if !digit(s[i]) || wordByte(s[i-1]) || s[i-1] == '.' {
			continue
		}
		if code, enhanced = statusAt(s[i:]); code != 0 && enhanced != "" {
			return code, enhanced
		}
	}
	return 0, ""
}

// statusAt reads a code, an enhanced code, or both at the beginning of s.
func statusAt(s string) (code int, enhanced string) {
	if code = codeAt(s); code != 0 {
		s = s[3:]
	}
	s = strings.TrimLeft(s, " -#(")
	enhanced = enhancedAt(s)
	if code >= 400 && strings.HasPrefix(enhanced, "2") {
		enhanced = "" // a success within a refusal is something else, such as a version
	}
	return code, enhanced
}

// codeAt reads an SMTP code (RFC 5321, section 4.2) at the beginning of s; 0 where there is none.
func codeAt(s string) int {
	if len(s) < 3 || s[0] < '2' || s[0] > '5' || !digit(s[1]) || !digit(s[2]) {
		return 0
	}
	if len(s) > 3 && (wordByte(s[3]) || s[3] == '.') { // 5501, 550x, 250.1
		return 0
	}
	return int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
}

// enhancedAt reads class.subject.detail (RFC 3463, section 2) at the beginning of s; "" where there is none. An address
// of four numbers is none.
func enhancedAt(s string) string {
	if len(s) < len("5.1.1") || s[0] != '2' && s[0] != '4' && s[0] != '5' || s[1] != '.' {
		return ""
	}
	subject := digits(s[2:])
	end := 2 + subject
	if subject == 0 || end == len(s) || s[end] != '.' {
		return ""
	}
	detail := digits(s[end+1:])
	end += 1 + detail
	if detail == 0 || end < len(s) && (wordByte(s[end]) || s[end] == '.' && end+1 < len(s) && digit(s[end+1])) {
		return ""
	}
	return s[:end]
}

// digits counts the digits at the beginning of s, up to the three that a part of an enhanced code may have.
func digits(s string) int {
	n := 0
	for n < len(s) && n < 3 && digit(s[n]) {
		n++
	}
	return n
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func wordByte(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
