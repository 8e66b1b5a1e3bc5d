package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"latchd/bench/door"
	"latchd/sms/standin"
)

// api is Twilio's stand-in behind TLS and a long line.
type api struct {
	server *httptest.Server
	wire   *wire
	taken  chan time.Time // a text was

	resumed atomic.Int32 // texts that came on a connection which resumed a TLS session
}

func newAPI(roundTrip time.Duration) (*api, error) {
	a := &api{taken: make(chan time.Time, 1000)}
	play := door.Twilio(standin.Options{Step: time.Nanosecond, OnText: func(standin.Message) { a.taken <- time.Now() }})
	a.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.TLS.DidResume {
			a.resumed.Add(1)
		}
		play.ServeHTTP(w, r)
	}))
	var err error
	if a.wire, err = newWire(a.server.Listener.Addr().String(), roundTrip); err != nil {
		a.server.Close()
	}
	return a, err
}

func (a *api) url() string { return "https://" + a.wire.listener.Addr().String() }

// certificate is the server's own, PEM: who trusts it reaches the API.
func (a *api) certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.server.Certificate().Raw})
}

// accepted waits until the API's answer to a new text has come out of the line.
func (a *api) accepted() (time.Time, error) {
	timeout := time.After(door.Patience)
	select {
	case taken := <-a.taken:
		for {
			select {
			case p := <-a.wire.answered:
				if !p.left.Before(taken) {
					return p.arrived, nil
				}
			case <-timeout:
				return time.Time{}, errors.New("no answer came")
			}
		}
	case <-timeout:
		return time.Time{}, errors.New("no text came")
	}
}

// fresh posts texts, each with a client of its own.
func (a *api) fresh(n int) (took []time.Duration, err error) {
	roots := x509.NewCertPool()
	roots.AddCert(a.server.Certificate())
	form := url.Values{"To": {door.Owner}, "From": {door.Sender}, "Body": {"000000 opens Bench door for 2 min."}, "ValidityPeriod": {"120"}}
	for range n {
		a.wire.cut()
		time.Sleep(200 * time.Millisecond)
		a.wire.clear()
		began := time.Now()
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		req, err := http.NewRequest(http.MethodPost, a.url()+"/2010-04-01/Accounts/"+door.Account+"/Messages.json", strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		req.SetBasicAuth(door.Account, door.Secret)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := (&http.Client{Transport: transport, Timeout: door.Patience}).Do(req)
		if err != nil {
			return nil, fmt.Errorf("a text of a fresh client: %w", err)
		}
		res.Body.Close()
		transport.CloseIdleConnections()
		at, err := a.accepted()
		if err != nil {
			return nil, err
		}
		took = append(took, at.Sub(began))
	}
	return took, nil
}

func (a *api) close() {
	a.wire.close()
	a.server.Close()
}
