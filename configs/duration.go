package configs

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that is written with its unit, days included: "20us", "15ms", "2m", "1h30m", "90d".
type Duration time.Duration

const day = 24 * time.Hour

// UnmarshalText reads a duration: what time.ParseDuration reads, with whole days ("90d", "1d12h") before it.
func (d *Duration) UnmarshalText(b []byte) error {
	s := string(b)
	var days uint64
	rest := s
	if n, after, found := strings.Cut(s, "d"); found {
		var err error
		if days, err = strconv.ParseUint(n, 10, 64); err != nil {
			return errors.New("is not a duration")
		}
		if days > uint64(math.MaxInt64/day) {
			return errors.New("is too long")
		}
		rest = after
		if rest == "" {
			rest = "0s"
		}
	}
	t, err := time.ParseDuration(rest)
	if err != nil {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return errors.New("has no unit")
		}
		return errors.New("is not a duration")
	}
	if days > 0 && (t < 0 || t > math.MaxInt64-time.Duration(days)*day) {
		return errors.New("is not a duration")
	}
	*d = Duration(time.Duration(days)*day + t)
	return nil
}

// String writes the shortest form that reads back: "5s", "2m", "24h", "90d".
func (d Duration) String() string {
	t := time.Duration(d)
	if t >= 2*day && t%day == 0 {
		return strconv.FormatInt(int64(t/day), 10) + "d"
	}
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
