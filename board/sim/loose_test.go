package sim_test

import (
	"testing"

	"periph.io/x/conn/v3/gpio"

	"latchd/board/sim"
)

func TestALooseLineIsDrivenToOneLevelOrLetGo(t *testing.T) {
	b := sim.New(sim.Wiring{Strike: "GPIO17", Others: []string{"GPIO4", "GPIO30"}})
	free, err := b.Free()
	if err != nil || len(free) != 2 || free[0] != "GPIO4" {
		t.Fatalf("free: %v, %v", free, err)
	}
	low, err := b.Loose("GPIO4", gpio.Low, gpio.PullUp)
	if err != nil {
		t.Fatal(err)
	}
	high, err := b.Loose("GPIO17", gpio.High, gpio.PullNoChange)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line gpio.PinIO
		rest gpio.Level
	}{{low, gpio.High}, {high, gpio.Low}} {
		for _, let := range []func() error{
			func() error { return nil },
			func() error { return c.line.Out(c.rest) },
			func() error { return c.line.In(gpio.Float, gpio.NoEdge) },
		} {
			if err := let(); err != nil {
				t.Fatal(err)
			}
			if got := c.line.Read(); got != c.rest {
				t.Errorf("%s let go is %v", c.line, got)
			}
			if err := c.line.Out(!c.rest); err != nil {
				t.Fatal(err)
			}
			if got := c.line.Read(); got == c.rest {
				t.Errorf("%s driven is %v", c.line, got)
			}
		}
	}
	if free, _ := b.Free(); len(free) > 0 {
		t.Errorf("held, but free: %v", free)
	}
}
