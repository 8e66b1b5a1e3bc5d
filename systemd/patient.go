package systemd

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	waiting   = 1024            // records that wait for a slow reader
	flushWait = 2 * time.Second // for the last of them, at the end
)

// patient writes in the caller's place: a terminal that is stopped, a pipe that nobody reads or a disk that hangs must not
// hold up the door. Records that find no room are lost, and counted in the output.
type patient struct {
	to      io.Writer
	records chan []byte
	lost    atomic.Int64
	over    chan struct{} // closed by flush
	once    sync.Once
	ended   chan struct{} // closed when all is written
}

func newPatient(to io.Writer) *patient {
	p := &patient{to: to, records: make(chan []byte, waiting), over: make(chan struct{}), ended: make(chan struct{})}
	go p.write()
	return p
}

// Write never waits and never fails.
func (p *patient) Write(record []byte) (int, error) {
	select {
	case p.records <- append([]byte(nil), record...):
	default:
		p.lost.Add(1)
	}
	return len(record), nil
}

func (p *patient) write() {
	defer close(p.ended)
	for {
		select {
		case r := <-p.records:
			p.put(r)
		case <-p.over:
			for len(p.records) > 0 {
				p.put(<-p.records)
			}
			return
		}
	}
}

func (p *patient) put(record []byte) {
	p.to.Write(record)
	if n := p.lost.Swap(0); n > 0 {
		fmt.Fprintf(p.to, "%d records of the log were lost: nobody read them\n", n)
	}
}

// flush waits for what has been written so far, but not for ever. Nothing is written after it.
func (p *patient) flush() {
	p.once.Do(func() { close(p.over) })
	select {
	case <-p.ended:
	case <-time.After(flushWait):
	}
}
