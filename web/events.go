package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"latchd/lock"
	"latchd/signin"
)

// How many events an answer holds when nothing else is asked for, at the most, and how many are read from the journal at a
// time.
const (
	somePage = 100
	mostPage = 1000
	csvPage  = 500

	mostTerms = 32 // patterns and words of a query
)

// events answers with a page of events, with all of them as CSV, or with those to come as a stream.
func (c *Console) events(w http.ResponseWriter, r *http.Request, s signin.Session) {
	q, err := query(r.URL.Query())
	if err != nil {
		fail(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	switch accept, format := r.Header.Get("Accept"), r.URL.Query().Get("format"); {
	case format == "csv", format == "" && strings.Contains(accept, "text/csv"):
		c.csv(w, r, q)
	case format == "" && strings.Contains(accept, "text/event-stream"):
		c.stream(w, r, s)
	case format == "" || format == "json":
		c.page(w, r, q)
	default:
		fail(w, http.StatusBadRequest, "invalid_request", "format is json or csv")
	}
}

// query reads which events are asked for. Errors are sentences for people.
func query(v url.Values) (q Query, err error) {
	number := func(name string, most uint64) (n uint64) {
		if s := v.Get(name); s != "" && err == nil {
			if n, err = strconv.ParseUint(s, 10, 63); err != nil || n > most {
				err = fmt.Errorf("%s is no whole number from 0 to %d", name, most)
			}
		}
		return n
	}
	moment := func(name string) (t time.Time) {
		if s := v.Get(name); s != "" && err == nil {
			if t, err = time.Parse(time.RFC3339, s); err != nil {
				if t, err = time.ParseInLocation(time.DateOnly, s, time.Local); err != nil {
					err = fmt.Errorf("%s is no time: send 2026-11-20 or 2026-11-20T23:59:59Z", name)
				}
			}
		}
		return t
	}
	q = Query{After: number("after", 1<<62), Before: number("before", 1<<62), Since: moment("since"), Until: moment("until"),
		Types: v.Get("type"), Words: v.Get("q"), Limit: int(number("limit", mostPage))}
	for pattern := range strings.SplitSeq(q.Types, ",") {
		if _, bad := path.Match(pattern, ""); bad != nil && err == nil {
			err = fmt.Errorf("type is no pattern: send access.denied, or access.*,bell.rung")
		}
	}
	if terms := strings.Count(q.Types, ",") + len(strings.Fields(q.Words)); terms >= mostTerms && err == nil {
		err = fmt.Errorf("type and q hold more than %d patterns and words", mostTerms)
	}
	if q.Limit == 0 {
		q.Limit = somePage
	}
	q.Newest = q.After == 0
	return q, err
}

// page answers with the newest events first, or after a seq with the oldest first, and with where the next page is.
func (c *Console) page(w http.ResponseWriter, r *http.Request, q Query) {
	events, err := c.opts.Look(r.Context(), q)
	if err != nil {
		unread(w)
		return
	}
	answer := struct {
		Events []lock.Event `json:"events"`
		Next   *string      `json:"next"`
	}{Events: append([]lock.Event{}, events...)}
	if len(events) == q.Limit {
		v, last := r.URL.Query(), strconv.FormatUint(events[len(events)-1].Seq, 10)
		if q.Newest {
			v.Set("before", last)
		} else {
			v.Set("after", last)
		}
		next := r.URL.Path + "?" + v.Encode()
		answer.Next = &next
	}
	w.Header().Set("Content-Type", "application/json")
	out, done := packed(w, r)
	defer done()
	json.NewEncoder(out).Encode(answer)
}

func unread(w http.ResponseWriter) {
	fail(w, http.StatusServiceUnavailable, "journal_unreadable", "The journal cannot be read at the moment. See the faults.")
}

var columns = []string{"seq", "at", "clock", "type", "method", "reason", "owner", "phone", "action", "part", "detail", "hint",
	"twilio_code", "wait_s", "until", "level", "count"}

// csv answers with all events that are asked for, in their order (RFC 4180).
func (c *Console) csv(w http.ResponseWriter, r *http.Request, q Query) {
	q.Newest, q.Limit = false, csvPage
	control, begun := http.NewResponseController(w), false
	var out *csv.Writer
	for {
		events, err := c.opts.Look(r.Context(), q)
		if err != nil && !begun {
			unread(w)
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler) // so that half a file is seen to be half
		}
		control.SetWriteDeadline(time.Now().Add(writeLimit))
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			w.Header().Set("Content-Disposition", `attachment; filename="`+strings.ReplaceAll(c.opts.Door, "/", "_")+`-events.csv"`)
			to, done := packed(w, r)
			defer done()
			out = csv.NewWriter(to)
			out.Write(columns)
		}
		for _, e := range events {
			out.Write(record(e))
			q.After = e.Seq
		}
		if out.Flush(); out.Error() != nil || len(events) < csvPage {
			return
		}
	}
}

// record is an event's line. What a spreadsheet would take for a formula gets a quote in front
// (https://owasp.org/www-community/attacks/CSV_Injection).
func record(e lock.Event) (line []string) {
	b, err := json.Marshal(e)
	fields := map[string]any{}
	if err == nil {
		err = json.Unmarshal(b, &fields)
	}
	if err != nil {
		panic("web: " + err.Error()) // an event always marshals
	}
	for _, name := range columns {
		text := ""
		switch v := fields[name].(type) {
		case string:
			text = v
			if strings.ContainsAny(v[:min(1, len(v))], "=+-@\t\r") {
				text = "'" + v
			}
		case float64:
			text = strconv.FormatFloat(v, 'f', -1, 64)
		}
		line = append(line, text)
	}
	return line
}

// stream sends the door and the events to come; first those after Last-Event-ID, where the client names it.
func (c *Console) stream(w http.ResponseWriter, r *http.Request, s signin.Session) {
	me := c.join(s.ID, func() [][]byte {
		d, _ := c.now()
		return [][]byte{frame("door", d)}
	})
	if me == nil {
		w.Header().Set("Retry-After", "10")
		fail(w, http.StatusServiceUnavailable, "too_many_streams", "Too many streams are open. Close one and try again.")
		return
	}
	alive := func() bool { return c.opts.Desk.Alive(s.ID) && time.Now().Before(s.Expires) }
	if !c.replay(w, r, alive) {
		c.leave(me)
		return
	}
	c.serve(w, r, me, alive)
}

// replay sends the events after Last-Event-ID, where the client names it, and says whether the stream may go on. What the
// journal cannot give can be asked for as a page.
func (c *Console) replay(w http.ResponseWriter, r *http.Request, alive func() bool) bool {
	last, err := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 63)
	for more := err == nil; more; {
		missed, err := c.opts.Look(r.Context(), Query{After: last, Limit: csvPage})
		if err != nil || !alive() {
			break
		}
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeLimit))
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range missed {
			if _, err := w.Write(numbered(e.Seq, "event", e)); err != nil {
				return false
			}
			last = e.Seq
		}
		more = len(missed) == csvPage
	}
	return alive() // it may have ended before the stream was joined, which hears of ends from then on
}
