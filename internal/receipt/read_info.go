package receipt

import (
	"bytes"
	"strconv"
)

// SentAt reads the time of sending out of what EncodeInfo wrote, in Unix milliseconds; 0 where it says none. It is what
// every batch asks of every message, and the time stands last.
func SentAt(stored []byte) int64 {
	i := bytes.LastIndex(stored, []byte(`"t":`))
	if i < 0 || !bytes.HasSuffix(stored, []byte("}")) {
		return 0
	}
	at, err := strconv.ParseInt(string(stored[i+len(`"t":`):len(stored)-1]), 10, 64)
	if err != nil {
		return 0
	}
	return at
}

// Tags reads the tags out of what EncodeInfo wrote; nil where there are none.
func Tags(stored []byte) []string {
	if !bytes.Contains(stored, []byte(`"g":[`)) {
		return nil
	}
	i, err := decodeInfo(stored)
	if err != nil {
		return nil
	}
	return i.Tags
}
