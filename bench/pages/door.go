package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"time"

	"latchd/bench/door"
	"latchd/bench/mochi"
	"latchd/sms/standin"
)

const more = `[code]
digits = 4
[web]
listen = "%s"
panel = true
console = true
`

// house is a door with its pages, and all that it talks to.
type house struct {
	*door.Door
	at    string // its pages' address
	texts chan standin.Message
	ended []func() // what stands around it
}

// newHouse starts a door with a folder of its own within dir, and waits until it is ready.
func newHouse(dir, exe string) (h *house, err error) {
	h = &house{texts: make(chan standin.Message, 1000)}
	defer func() {
		if err != nil {
			h.end()
		}
	}()
	if dir, err = os.MkdirTemp(dir, "door-"); err != nil {
		return h, err
	}
	twilio := httptest.NewServer(door.Twilio(standin.Options{OnText: func(m standin.Message) { h.texts <- m }}))
	h.ended = append(h.ended, twilio.Close)
	broker, end, err := mochi.Start()
	if err != nil {
		return h, err
	}
	h.ended = append(h.ended, end)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return h, err
	}
	h.at = free.Addr().String()
	free.Close()
	if h.Door, err = door.Start(door.Options{Exe: exe, Dir: dir, API: twilio.URL, Brokers: []string{broker}, More: fmt.Sprintf(more, h.at)}); err != nil {
		return h, err
	}
	h.Watch()
	time.Sleep(time.Second) // the watch is open, and the bell's line too
	return h, nil
}

// end stops the door and what stands around it.
func (h *house) end() error {
	var err error
	if h.Door != nil {
		err = h.Stop()
	}
	for _, end := range h.ended {
		end()
	}
	return err
}

// texted waits for a text and returns its code.
func (h *house) texted() (string, error) {
	select {
	case m := <-h.texts:
		return door.Code(m.Body), nil
	case <-time.After(door.Patience):
		return "", errors.New("no text came")
	}
}

// signIn signs the owner in and returns the cookie.
func (h *house) signIn() (string, error) {
	web := http.Client{Timeout: door.Patience}
	asked, err := web.PostForm("http://"+h.at+"/otp/getcode/", url.Values{"phone": {door.Owner}})
	if err != nil {
		return "", err
	}
	asked.Body.Close()
	code, err := h.texted()
	if err != nil {
		return "", err
	}
	in, err := web.PostForm("http://"+h.at+"/console/signin/", url.Values{"phone": {door.Owner}, "code": {code}})
	if err != nil {
		return "", err
	}
	in.Body.Close()
	for _, c := range in.Cookies() {
		return c.Name + "=" + c.Value, nil
	}
	return "", fmt.Errorf("sign in: %s", in.Status)
}
