package config

import (
	"fmt"
)

// String is the written form: COUNT/WINDOW/HOLD, or 0 where the rule is off.
func (s SoftBounces) String() string {
	if s.Count == 0 {
		return "0"
	}
	return fmt.Sprintf("%d/%s/%s", s.Count, Duration(s.Window), Duration(s.Hold))
}
