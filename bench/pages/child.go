package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"latchd/bench/door"
)

const (
	streams   = 1000
	guessers  = 16
	dribblers = 10_000
)

// tally is what a load has done so far.
type tally struct {
	open, done atomic.Int64
	seen       []atomic.Int64 // openings, by stream
	mu         sync.Mutex
	problem    string
}

func (t *tally) wrong(what string) {
	t.mu.Lock()
	t.problem = what
	t.mu.Unlock()
}

func (t *tally) state() state {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := state{Open: int(t.open.Load()), Done: int(t.done.Load()), Wrong: t.problem}
	for i := range t.seen {
		n := int(t.seen[i].Load())
		if i == 0 || n < s.Least {
			s.Least = n
		}
		s.Most = max(s.Most, n)
	}
	return s
}

// beLoad burdens the door until stdin ends, and says on each of its lines how far it is.
func beLoad(kind, at, ticket string) error {
	t := &tally{}
	switch kind {
	case "streams":
		t.seen = make([]atomic.Int64, streams)
		for i := range streams {
			go t.listen(i, at, ticket)
		}
	case "sign-ins":
		for i := range guessers {
			go t.guess(i, at)
		}
	case "dribble":
		for range dribblers {
			go t.dribble(at)
		}
	default:
		return fmt.Errorf("there is no load %q", kind)
	}
	for in := bufio.NewReader(os.Stdin); ; {
		if _, err := in.ReadString('\n'); err != nil {
			return nil
		}
		if err := json.NewEncoder(os.Stdout).Encode(t.state()); err != nil {
			return err
		}
	}
}

// listen holds a stream open and counts the openings that it tells of.
func (t *tally) listen(i int, at, ticket string) {
	r, err := http.NewRequest(http.MethodGet, "http://"+at+"/api/v1/events", nil)
	if err != nil {
		t.wrong(err.Error())
		return
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Cookie", ticket)
	answer, err := (&http.Transport{}).RoundTrip(r)
	if err != nil {
		t.wrong(err.Error())
		return
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.wrong("a stream was answered " + answer.Status)
		return
	}
	begun := false
	for lines := bufio.NewReader(answer.Body); ; {
		line, err := lines.ReadString('\n')
		switch {
		case err != nil:
			t.wrong("a stream ended: " + err.Error())
			return
		case !begun:
			begun = true
			t.open.Add(1)
		case strings.HasPrefix(line, "data: ") && strings.Contains(line, `"type":"access.granted"`):
			t.seen[i].Add(1)
		}
	}
}

// guess tries to sign in with what is wrong, over and over, on one connection.
func (t *tally) guess(i int, at string) {
	web := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: door.Patience}
	for n := i; ; n++ {
		phone := []string{door.Owner, fmt.Sprintf("+1555%07d", n)}[n/3%2]
		path, form := "/otp/verifycode/", url.Values{"phone": {phone}, "code": {fmt.Sprintf("%06d", n%1_000_000)}}
		switch n % 3 {
		case 1:
			path = "/console/signin/"
		case 2:
			path, form = "/o/extended_token/", url.Values{"grant_type": {"otp"}, "phone": {phone}, "secret_identifier": {"guessed"}}
		}
		r, err := http.NewRequest(http.MethodPost, "http://"+at+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.wrong(err.Error())
			return
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if n%3 == 2 {
			r.SetBasicAuth("latchd-0123456789abcdef", "guessed")
		}
		answer, err := web.Do(r)
		if err != nil {
			t.wrong(err.Error())
			return
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode/100 != 4 {
			t.wrong("a bad sign-in was answered " + answer.Status)
			return
		}
		t.done.Add(1)
	}
}

// dribble sends a header that never ends, a byte a second, and begins again when the door has had enough.
func (t *tally) dribble(at string) {
	for {
		if c, err := net.Dial("tcp", at); err == nil {
			t.open.Add(1)
			t.done.Add(1)
			go func() { // ends as soon as the door closes it
				io.Copy(io.Discard, c)
				c.Close()
				t.open.Add(-1)
			}()
			_, err := io.WriteString(c, "POST /console/signin/ HTTP/1.1\r\nHost: localhost\r\nX-")
			for ; err == nil; _, err = io.WriteString(c, "a") {
				time.Sleep(time.Second)
			}
			c.Close()
		}
		time.Sleep(time.Second)
	}
}
