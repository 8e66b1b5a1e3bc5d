package board

import (
	"errors"
	"slices"
	"testing"

	"periph.io/x/conn/v3/gpio"
)

func TestALooseLineIsLetGoFromItsFirstMomentAndDrivenToOneLevelOnly(t *testing.T) {
	for _, c := range []struct {
		to    gpio.Level
		pull  gpio.Pull
		flags uint64
	}{
		{gpio.Low, gpio.PullUp, flagOutput | flagOpenDrain | flagPullUp},
		{gpio.Low, gpio.PullNoChange, flagOutput | flagOpenDrain},
		{gpio.High, gpio.PullNoChange, flagOutput | flagOpenSource},
	} {
		k := pi4()
		line, err := k.chip(t).loose("GPIO5", c.to, c.pull)
		if err != nil {
			t.Fatal(err)
		}
		r := k.requests[0]
		if r.config.flags != c.flags || r.config.attrs[0].attr.value != bit(!c.to) {
			t.Errorf("to %v: requested with flags %b at level %d", c.to, r.config.flags, r.config.attrs[0].attr.value)
		}
		if err := errors.Join(line.Out(c.to), line.In(gpio.Float, gpio.NoEdge)); err != nil {
			t.Fatal(err)
		}
		if want := []lineValues{{bit(c.to), 1}, {bit(!c.to), 1}}; !slices.Equal(k.values, want) {
			t.Errorf("to %v: set %v, want %v", c.to, k.values, want)
		}
		for _, k.level = range []uint64{0, 1} {
			if got := line.Read(); got != gpio.Level(k.level == 1) {
				t.Errorf("to %v: read %v where the wire is at %d", c.to, got, k.level)
			}
		}
	}
}

func TestFreeLinesAreTheHeadersThatNobodyHolds(t *testing.T) {
	k := pi4()
	k.holders = map[string]string{"GPIO5": "gpioset", "GPIO27": ""}
	free, err := (&Linux{chip: k.chip(t)}).Free()
	if err != nil || len(free) != 24 || free[0] != "GPIO2" || slices.Contains(free, "GPIO5") || len(k.requests) > 0 {
		t.Errorf("%v, %v, %d requests", free, err, len(k.requests))
	}
}
