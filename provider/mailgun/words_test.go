package mailgun_test

import (
	"fmt"
	"strings"
	"testing"

	"tidings/provider/providertest"
)

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	providertest.Words(t, suite(), "../../docs/providers/mailgun.md", func(word string) []byte {
		severity, failed := map[string]string{"temporary_fail": "temporary", "permanent_fail": "permanent"}[word]
		reason := ""
		if strings.HasPrefix(word, "suppress-") {
			severity, failed, reason = "permanent", true, word
		}
		if failed {
			word = "failed"
		}
		return fmt.Appendf(nil, `{"event":%q,"severity":%q,"reason":%q,"id":"x","timestamp":1777889520.5,"recipient":"a@b.test"}`,
			word, severity, reason)
	})
}
