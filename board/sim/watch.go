package sim

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Change is a line that changed its level.
type Change struct {
	At    time.Time
	Line  string
	Level gpio.Level
}

// nanoStamp is RFC 3339 with all nine digits of the nanoseconds.
const nanoStamp = "2006-01-02T15:04:05.000000000Z07:00"

// MarshalJSON writes {"at":"<RFC 3339, UTC, ns>","line":"GPIO17","level":1}.
func (c Change) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		At    string `json:"at"`
		Line  string `json:"line"`
		Level int    `json:"level"`
	}{c.At.UTC().Format(nanoStamp), c.Line, bit(c.Level)})
}

func bit(l gpio.Level) int {
	if l {
		return 1
	}
	return 0
}

// maxUnread is how many changes a watcher may leave unread: about 3 MB.
const maxUnread = 1 << 16

// watcher is one reader of changes. Its fields are under the board's lock.
type watcher struct {
	lines    uint64
	unread   []Change
	faithful bool
	behind   bool          // it left more than maxUnread unread, and gets no more
	more     chan struct{} // holds a token while there is something to do
}

// Watch returns the changes of the named lines, of all lines if none is named, from now on until ctx is done: each one,
// in order, and several at the same moment in the order of the lines in the wiring. The board never waits for a
// reader. A reader that leaves 65,536 changes unread gets those, and then its channel is closed although ctx is not
// done: what it had was whole, but it is over. A line that is not on the board never changes.
func (b *Board) Watch(ctx context.Context, lines ...string) <-chan Change {
	return b.watch(ctx, false, lines)
}

// watch is Watch. A reader that is faithful goes on reading until the channel is closed: it gets what had happened by the
// time ctx was done, too.
func (b *Board) watch(ctx context.Context, faithful bool, lines []string) <-chan Change {
	w := &watcher{faithful: faithful, more: make(chan struct{}, 1)}
	if len(lines) == 0 {
		w.lines = ^uint64(0)
	}
	for _, name := range lines {
		if l := b.byName[name]; l != nil {
			w.lines |= l.bit
		}
	}
	b.mu.Lock()
	b.watchers = append(b.watchers, w)
	b.mu.Unlock()
	changes := make(chan Change)
	go b.relay(ctx, w, changes)
	return changes
}

// relay carries changes from the watcher's list to its channel.
func (b *Board) relay(ctx context.Context, w *watcher, changes chan<- Change) {
	defer close(changes)
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.watchers = slices.DeleteFunc(b.watchers, func(o *watcher) bool { return o == w })
	}()
	var batch []Change
	for {
		over := false
		select {
		case <-w.more:
		case <-ctx.Done():
			over = true
		}
		if over && !w.faithful {
			return
		}
		b.mu.Lock()
		batch, w.unread = w.unread, batch[:0]
		over = over || w.behind
		b.mu.Unlock()
		for _, c := range batch {
			if w.faithful {
				changes <- c
				continue
			}
			select {
			case changes <- c:
			case <-ctx.Done():
				return
			}
		}
		if over {
			return
		}
	}
}

// tell puts a change on the list of every watcher of that line. The caller holds the lock.
func (b *Board) tell(c Change, line uint64) {
	for _, w := range b.watchers {
		if w.lines&line == 0 || w.behind {
			continue
		}
		if w.behind = len(w.unread) == maxUnread; !w.behind {
			w.unread = append(w.unread, c)
		}
		select {
		case w.more <- struct{}{}:
		default:
		}
	}
}
