package configs

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationsAreReadWithTheirUnit(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"20us": 20 * time.Microsecond, "20µs": 20 * time.Microsecond, "15ms": 15 * time.Millisecond, "0.5s": 500 * time.Millisecond,
		"5s": 5 * time.Second, "2m": 2 * time.Minute, "1h30m": 90 * time.Minute, "24h": 24 * time.Hour, "-1s": -time.Second,
		"90d": 90 * 24 * time.Hour, "1d12h": 36 * time.Hour, "0s": 0, "0d": 0,
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%q is %v, %v, want %v", text, time.Duration(d), err, want)
		}
	}
}

func TestWhatIsNoDurationIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"": "is not a duration", "5": "has no unit", "0.5": "has no unit", "d": "is not a duration", "-1d": "is not a duration",
		"1.5d": "is not a duration", "1d-1h": "is not a duration", "1h1d": "is not a duration", "five": "is not a duration",
		"106752d": "is too long", "106751d24h": "is not a duration", "99999999999999999999d": "is not a duration",
	} {
		d := Duration(7)
		if err := d.UnmarshalText([]byte(text)); err == nil || err.Error() != want || d != 7 {
			t.Errorf("%q: %v, want %s; left %d", text, err, want, d)
		}
	}
}

func TestDurationsPrintShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"20µs": 20 * time.Microsecond, "500ms": time.Second / 2, "5s": 5 * time.Second, "2m": 2 * time.Minute, "10m": 10 * time.Minute,
		"1h": time.Hour, "1h0m5s": time.Hour + 5*time.Second, "1h10m": 70 * time.Minute, "24h": 24 * time.Hour, "36h": 36 * time.Hour,
		"90d": 90 * 24 * time.Hour, "0s": 0,
	} {
		if got := Duration(d).String(); got != want {
			t.Errorf("%v prints as %q, want %q", d, got, want)
		}
	}
}

func TestWhatADurationPrintsReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]time.Duration{1, time.Microsecond, time.Second, time.Minute, time.Hour, day}).Draw(t, "unit")
		want := Duration(time.Duration(rapid.Int64Range(0, 1000).Draw(t, "n")) * unit)
		var got Duration
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Fatalf("%d prints as %s and reads as %d, %v", want, want, got, err)
		}
	})
}
