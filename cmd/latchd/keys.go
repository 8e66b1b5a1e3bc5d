package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"periph.io/x/conn/v3/gpio"

	"latchd/board"
	"latchd/board/sim"
	"latchd/configs"
	"latchd/keypad"
)

func newKeys() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Show key presses, bounce and ghosts, to test the wiring",
		Long: `Shows the keypad with its keys lighting up as they are pressed, and the bell, the exit button, the contact and the tamper
switch. It times each contact's bounce, advises a debounce, and names ghosts and stuck keys by their lines. Ctrl-C ends it
with a summary. Without a terminal it prints a line an event.

It needs the lines for itself: stop the daemon first. The strike's line is driven to locked, as by latchd secure, and held
there: nothing can open the door meanwhile. Of the file it reads what is about the board; no broker, number or secret.`,
		Example: "  sudo systemctl stop latchd\n  sudo latchd keys\n  sudo systemctl start latchd",
		Args:    usage(cobra.NoArgs),
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := configs.LoadBoard(*path)
		if err != nil {
			return err
		}
		return runKeys(cmd.Context(), cfg, cmd.OutOrStdout())
	}
	return cmd
}

// bench is the board's inputs, under test.
type bench struct {
	board  *board.Board
	cfg    *configs.Config
	inputs []benchInput
	sim    *sim.Board // nil on a real board
}

type benchInput struct {
	name, line string
	activeLow  bool
	debounce   time.Duration
	pin        gpio.PinIn
}

// openBench locks the strike and takes the inputs' lines.
func openBench(cfg *configs.Config) (*bench, error) {
	b := &bench{cfg: cfg}
	var lines board.Lines
	if cfg.Board.Driver == "sim" {
		b.sim = sim.New(simWiring(cfg))
		lines = b.sim
	} else {
		l, err := board.OpenLinux(cfg.Board.Chip)
		if err != nil {
			return nil, err
		}
		lines = l
	}
	w := boardWiring(cfg)
	var err error
	b.board, err = board.Open(lines, board.Wiring{Rows: w.Rows, Cols: w.Cols, Settle: w.Settle, Strike: w.Strike})
	if err != nil {
		return nil, stopTheDaemon(err)
	}
	errs := []error{b.takeInput(lines, "bell", w.Bell), b.takeInput(lines, "exit", w.Exit),
		b.takeInput(lines, "contact", w.Contact), b.takeInput(lines, "tamper", w.Tamper)}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(stopTheDaemon(err), b.board.Close())
	}
	return b, nil
}

func (b *bench) takeInput(lines board.Lines, name string, in board.Input) error {
	if in.Line == "" {
		return nil
	}
	pull := gpio.PullDown
	if in.ActiveLow {
		pull = gpio.PullUp
	}
	pin, err := lines.Input(in.Line, pull)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.inputs = append(b.inputs, benchInput{name, in.Line, in.ActiveLow, in.Debounce, pin})
	return nil
}

const whoHolds = "if the daemon runs, it has the lines: stop it with systemctl stop latchd"

// stopTheDaemon adds to the error of a line that is busy who most often holds it.
func stopTheDaemon(err error) error {
	if errors.Is(err, board.ErrBusy) {
		return fmt.Errorf("%w\n%s", err, whoHolds)
	}
	return err
}

// news is what one of the bench's contacts did: the pad's when input is nil.
type news struct {
	input *benchInput
	pad   keypad.Reading
	level bool // of an input
	err   error
}

// runKeys shows the bench until ctx ends.
func runKeys(ctx context.Context, cfg *configs.Config, out io.Writer) error {
	var socket net.Listener // where a simulated board is worked
	if cfg.Board.Driver == "sim" && cfg.Board.Socket != "" {
		var err error
		if socket, err = sim.Listen(cfg.Board.Socket); err != nil {
			return fmt.Errorf("%w\n%s", err, whoHolds)
		}
	}
	b, err := openBench(cfg)
	if err != nil {
		if socket != nil {
			socket.Close()
		}
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var jobs sync.WaitGroup
	heard := make(chan news)
	tell := func(n news) {
		select {
		case heard <- n:
		case <-ctx.Done():
		}
	}
	b.watch(ctx, &jobs, tell)
	if socket != nil {
		jobs.Go(func() { _ = sim.Serve(ctx, socket, b.sim) }) // it ends with ctx, without an error
	}
	err = showKeys(ctx, newTable(cfg, b.inputs), heard, out)
	stop()
	jobs.Wait()
	return errors.Join(err, b.board.Close())
}

// watch tells of all that the contacts do until ctx ends.
func (b *bench) watch(ctx context.Context, jobs *sync.WaitGroup, tell func(news)) {
	if b.board.Pad != nil {
		jobs.Go(func() {
			err := keypad.Probe(ctx, b.board.Pad, len(b.cfg.Keypad.Rows), func(r keypad.Reading) { tell(news{pad: r}) })
			if err != nil {
				tell(news{err: err})
			}
		})
	}
	for i := range b.inputs {
		jobs.Go(func() { watchInput(ctx, &b.inputs[i], tell) })
	}
}

// watchInput tells of an input's first level and of each time it moves.
func watchInput(ctx context.Context, in *benchInput, tell func(news)) {
	start := time.Now()
	var b keypad.Bounce
	for known := false; ctx.Err() == nil; known = true {
		took, edges := b.Took()
		if !known || edges {
			tell(news{input: in, level: bool(in.pin.Read()), pad: keypad.Reading{Bounce: took, Edges: edges}})
		}
		b = keypad.Bounce{}
		for wait := 100 * time.Millisecond; wait > 0; wait = b.Left(time.Since(start)) {
			began := time.Now()
			if in.pin.WaitForEdge(wait) {
				b.Edge(time.Since(start))
			} else if left := wait - time.Since(began); left > wait/2 { // periph says neither that a wait failed nor why
				select {
				case <-time.After(left):
				case <-ctx.Done():
				}
			}
		}
	}
}

// showKeys puts the table on the terminal, or a line for each event, until ctx ends; then the summary.
func showKeys(ctx context.Context, t *table, heard <-chan news, out io.Writer) error {
	var v view = &lines{out: out}
	if isTerminal(out) {
		v = &screen{out: out.(*os.File), plain: os.Getenv("NO_COLOR") != ""}
	}
	clock := time.NewTicker(100 * time.Millisecond)
	defer clock.Stop()
	v.begin(t)
	for {
		select {
		case <-ctx.Done():
			v.end()
			_, err := io.WriteString(out, t.summary())
			return err
		case n := <-heard:
			if n.err != nil {
				v.end()
				return n.err
			}
			v.show(t, t.take(time.Now(), n))
		case <-clock.C:
			if said := t.stuck(time.Now()); len(said) > 0 {
				v.show(t, said)
			}
		}
	}
}
