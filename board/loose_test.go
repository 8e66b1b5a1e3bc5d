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
		{gpio.Low, gpio.PullUp, flagInput | flagPullUp},
		{gpio.Low, gpio.PullNoChange, flagInput},
		{gpio.High, gpio.PullNoChange, flagInput},
	} {
		k := pi4()
		line, err := k.chip(t).loose("GPIO5", c.to, c.pull)
		if err != nil {
			t.Fatal(err)
		}
		if free := (lineConfig{flags: c.flags}); k.requests[0].config != free {
			t.Errorf("to %v: requested with %+v", c.to, k.requests[0].config)
		}
		if err := errors.Join(line.Out(c.to), line.In(gpio.Float, gpio.NoEdge)); err != nil {
			t.Fatal(err)
		}
		if want := []lineConfig{outputConfig(c.to, flagOutput), {flags: c.flags}}; !slices.Equal(k.configs, want) || len(k.values) > 0 {
			t.Errorf("to %v: set %+v and values %v, want %+v", c.to, k.configs, k.values, want)
		}
		for _, k.level = range []uint64{0, 1} {
			if got := line.Read(); got != gpio.Level(k.level == 1) {
				t.Errorf("to %v: read %v where the wire is at %d", c.to, got, k.level)
			}
		}
	}
}

func TestAChipHasTheLinesThatItNames(t *testing.T) {
	l := &Linux{chip: pi4().chip(t)}
	if !l.Has("GPIO5") || l.Has("GPIO99") || l.Has("") {
		t.Error("GPIO5 it has, GPIO99 and one without a name it has not")
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
