package store

import (
	"errors"

	modernc "modernc.org/sqlite"
	"zombiezen.com/go/sqlite"
)

// driverFault gives an error of the driver that migrations run on the same kind as one of ours.
func driverFault(err error) error {
	var e *modernc.Error
	if !errors.As(err, &e) {
		return err
	}
	code := sqlite.ResultCode(e.Code()).ToPrimary()
	if f, ok := sqliteFaults[code]; ok {
		return unavailable(err, f.message, f.hint)
	}
	return err
}
