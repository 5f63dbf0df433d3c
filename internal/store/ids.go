package store

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Public ids are a prefix and the store's integer in base 36. They are opaque to callers.
const (
	contactPrefix = "con_"
	messagePrefix = "msg_"
	receiptPrefix = "rcp_"
)

func publicID(prefix string, ref int64) string {
	if ref == 0 {
		return ""
	}
	return prefix + strconv.FormatInt(ref, 36)
}

func refOf(prefix, id string) (int64, bool) {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(rest, 36, 64)
	return n, err == nil && n > 0
}
