package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	backlog    = 64               // frames that wait for a slow client before it is dropped
	writeLimit = 10 * time.Second // for what is sent at a time
)

// hub hands frames to the streams that are open. Who feeds it holds mu, which also guards what its snapshot shows: a stream
// begins with everything as it is and misses nothing after.
type hub struct {
	mu      sync.Mutex
	most    int           // streams
	beat    time.Duration // a stream with nothing to say says so, for a page to notice a dead connection
	clients map[*client]struct{}
	closed  bool
}

// client is one open stream.
type client struct {
	frames  chan []byte
	session string // whose end ends the stream; empty: nobody's
}

func newHub(most int, beat time.Duration) hub {
	return hub{most: most, beat: beat, clients: map[*client]struct{}{}}
}

// join adds a client, whose first frames are those that first returns. It returns nil when there is no room.
func (h *hub) join(session string, first func() [][]byte) *client {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.clients) >= h.most {
		return nil
	}
	begin := first()
	c := &client{make(chan []byte, backlog+len(begin)), session}
	for _, f := range begin {
		c.frames <- f
	}
	h.clients[c] = struct{}{}
	return c
}

// open is how many streams are open.
func (h *hub) open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

func (h *hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
}

// drop forgets a client and ends its stream; mu is held.
func (h *hub) drop(c *client) {
	if _, ok := h.clients[c]; ok {
		delete(h.clients, c)
		close(c.frames)
	}
}

// end ends the streams of a session, or with "" all of them and those to come.
func (h *hub) end(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = h.closed || session == ""
	for c := range h.clients {
		if session == "" || c.session == session {
			h.drop(c)
		}
	}
}

// publish hands a frame to every client and drops those with no room for it; mu is held.
func (h *hub) publish(f []byte) {
	for c := range h.clients {
		select {
		case c.frames <- f:
		default:
			h.drop(c)
		}
	}
}

// serve sends what the client is handed until it leaves, is dropped, or alive says that it has no business here any more.
// A client that was dropped connects again and starts anew.
func (h *hub) serve(w http.ResponseWriter, r *http.Request, c *client, alive func() bool) {
	defer h.leave(c)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	beat := time.NewTicker(h.beat)
	defer beat.Stop()
	for {
		var f []byte
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			if !alive() {
				return
			}
			f = frame("beat", struct{}{})
		case next, ok := <-c.frames:
			if !ok {
				return
			}
			f = next
		}
		control.SetWriteDeadline(time.Now().Add(writeLimit))
		if _, err := w.Write(f); err != nil {
			return
		}
		if len(c.frames) > 0 { // they go out together
			continue
		}
		if err := control.Flush(); err != nil {
			return
		}
	}
}

func always() bool { return true }

func tooManyPages(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "10")
	http.Error(w, "Too many pages are open. Close one and try again.", http.StatusServiceUnavailable)
}

// frame is one server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html). JSON holds no line
// break, so one data line does.
func frame(event string, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("web: " + err.Error()) // plain structs of strings and numbers always marshal
	}
	return append(append([]byte("event: "+event+"\ndata: "), b...), "\n\n"...)
}

// numbered is a frame with an id, at which a client that lost its stream goes on.
func numbered(id uint64, event string, v any) []byte {
	return append([]byte("id: "+strconv.FormatUint(id, 10)+"\n"), frame(event, v)...)
}
