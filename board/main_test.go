package board

import (
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/pin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write is one level that a line was driven to.
type write struct {
	At    time.Time
	Level gpio.Level
}

// fakePin is a line with the manners of periph's: it queues edges, and loses a Halt that comes before its wait.
type fakePin struct {
	name  string
	edges chan struct{}
	halt  chan struct{}

	mu      sync.Mutex
	level   gpio.Level // as read, or as driven
	driven  bool
	writes  []write
	outErr  error
	inErr   error
	waitErr bool // waits end at once, as on a line whose chip is gone
	onDrive func()
}

func newFakePin(name string, level gpio.Level) *fakePin {
	return &fakePin{name: name, level: level, edges: make(chan struct{}, 16), halt: make(chan struct{})}
}

func (p *fakePin) Out(l gpio.Level) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outErr != nil {
		return p.outErr
	}
	p.level, p.driven = l, true
	p.writes = append(p.writes, write{time.Now(), l})
	if p.onDrive != nil {
		p.onDrive()
	}
	return nil
}

func (p *fakePin) In(gpio.Pull, gpio.Edge) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inErr == nil {
		p.driven = false
	}
	return p.inErr
}

func (p *fakePin) Read() gpio.Level {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.level
}

// move changes the level from outside and queues the edge.
func (p *fakePin) move(l gpio.Level) {
	p.mu.Lock()
	p.level = l
	p.mu.Unlock()
	p.edge()
}

func (p *fakePin) edge() {
	select {
	case p.edges <- struct{}{}:
	default:
	}
}

func (p *fakePin) WaitForEdge(timeout time.Duration) bool {
	p.mu.Lock()
	broken := p.waitErr
	p.mu.Unlock()
	if broken {
		return false
	}
	select {
	case <-p.edges:
		return true
	case <-p.halt:
	case <-time.After(timeout):
	}
	return false
}

func (p *fakePin) Halt() error {
	select {
	case p.halt <- struct{}{}:
	default:
	}
	return nil
}

func (p *fakePin) fail(f func(*fakePin)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

func (p *fakePin) log() []write {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]write(nil), p.writes...)
}

func (p *fakePin) Name() string                          { return p.name }
func (p *fakePin) String() string                        { return p.name }
func (p *fakePin) Number() int                           { return -1 }
func (p *fakePin) Function() string                      { return "" }
func (p *fakePin) Pull() gpio.Pull                       { return gpio.PullNoChange }
func (p *fakePin) DefaultPull() gpio.Pull                { return gpio.PullNoChange }
func (p *fakePin) PWM(gpio.Duty, physic.Frequency) error { return nil }

// fakeGroup is a set of columns; its embedded pin queues their edges.
type fakeGroup struct {
	*fakePin
	pins    []pin.Pin
	bits    gpio.GPIOValue
	readErr error
	waitErr error // what a wait without an edge returns
}

func newFakeGroup(n int) *fakeGroup {
	return &fakeGroup{fakePin: newFakePin("columns", gpio.High), pins: make([]pin.Pin, n), bits: 1<<n - 1}
}

func (g *fakeGroup) Pins() []pin.Pin               { return g.pins }
func (g *fakeGroup) ByOffset(int) pin.Pin          { return nil }
func (g *fakeGroup) ByName(string) pin.Pin         { return nil }
func (g *fakeGroup) ByNumber(int) pin.Pin          { return nil }
func (g *fakeGroup) Out(_, _ gpio.GPIOValue) error { return gpio.ErrGroupFeatureNotImplemented }
func (g *fakeGroup) Read(mask gpio.GPIOValue) (gpio.GPIOValue, error) {
	return g.bits & mask, g.readErr
}

func (g *fakeGroup) WaitForEdge(timeout time.Duration) (int, gpio.Edge, error) {
	if g.fakePin.WaitForEdge(timeout) {
		return 0, gpio.FallingEdge, nil
	}
	return 0, gpio.NoEdge, g.waitErr
}
