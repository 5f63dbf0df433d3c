package stats

import (
	"math"
	"time"
)

// delaySteps is how many buckets a doubling of a delay has: a bucket is 19 % wide.
const delaySteps = 4

// DelayBucket is the bucket of a time from sending to an event, in milliseconds: 0 is up to a second, each further one
// ends at the 2^(1/4)-fold of the one before, without end. A negative delay, of clocks that differ, is 0.
func DelayBucket(ms int64) int64 {
	if ms <= 1000 {
		return 0
	}
	return int64(math.Ceil(delaySteps*math.Log2(float64(ms)/1000) - 1e-9))
}

// DelayEnd is the longest delay of a bucket.
func DelayEnd(bucket int64) time.Duration {
	return time.Duration(math.Exp2(float64(bucket)/delaySteps) * float64(time.Second))
}
