//go:build unix

package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"tidings/internal/fault"
)

// lockFile takes the lock that only one server may hold. The system gives it back when the process ends, however it
// ends.
func lockFile(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, unavailable(err, "can't open the lock file "+path, "check the owner and the mode of its folder")
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		closed := f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fault.New(fault.Conflict, "database_in_use",
				"another tidings server has %s open", path[:len(path)-len(".lock")]).
				WithHint("stop the other server, give this one another --db, or use PostgreSQL for several servers")
		}
		return nil, unavailable(errors.Join(err, closed), "can't lock "+path, "use a local disk, not a network share")
	}
	return f.Close, nil
}
