package board

import (
	"time"

	"periph.io/x/conn/v3/gpio"
)

// rowLine is a row of a keypad, as Lines.Row asks for it: an open drain, which the kernel drives low or lets go in one call.
// Where the chip has none, as a Raspberry Pi's, the kernel makes one of the line's direction
// (https://docs.kernel.org/driver-api/gpio/driver.html). periph takes three calls: a direction, a level, and the level again.
type rowLine struct{ *OutputLine }

// row requests a line as a row that is driven low, as all rows are at rest. Its pull-up holds a row that is let go: many of
// a Raspberry Pi's lines have a pull-down from power-on, and through a pressed key it would drag the column half-way down.
func (c *chip) row(name string) (rowLine, error) {
	line, err := c.outputWith(name, gpio.Low, flagOutput|flagOpenDrain|flagPullUp)
	return rowLine{line}, err
}

// In lets the row go, whatever the pull and the edge.
func (r rowLine) In(gpio.Pull, gpio.Edge) error { return r.Out(gpio.High) }

// Read, WaitForEdge, Pull and DefaultPull make up a gpio.PinIO; nobody asks a row.
func (r rowLine) Read() gpio.Level                 { return gpio.High }
func (r rowLine) WaitForEdge(_ time.Duration) bool { return false }
func (r rowLine) Pull() gpio.Pull                  { return gpio.PullUp }
func (r rowLine) DefaultPull() gpio.Pull           { return gpio.PullNoChange }
