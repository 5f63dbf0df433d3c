package app

import (
	"errors"

	"tidings/internal/config"
)

// Check reports everything that would keep a server with these settings from starting, as far as settings and the files
// they name can tell: no database is opened and no port is taken.
func Check(c config.Config) error {
	_, file := c.LoadFile()
	_, rules := readRules(c.Rules)
	return errors.Join(c.Validate(), file, rules)
}
