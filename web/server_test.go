package web

import (
	"bufio"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// wire is a listener for one connection that is made of channels, so that its time is the test's.
type wire struct {
	conns chan net.Conn
	done  chan struct{}
}

func (w wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w wire) Close() error   { close(w.done); return nil }
func (w wire) Addr() net.Addr { return &net.TCPAddr{} }

func TestAStreamOutlivesTheLimitsOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDemo(t, newStub())
		server := newServer(site(d), quiet)
		server.RegisterOnShutdown(d.Close)
		l := wire{make(chan net.Conn), make(chan struct{})}
		ended := make(chan error)
		go func() { ended <- server.Serve(l) }()
		near, far := net.Pipe()
		l.conns <- addressed{far, "127.0.0.1:5"}
		if _, err := near.Write([]byte("GET /panel/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(near), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("the stream does not open: %v %v", answer, err)
		}
		next := frames(answer.Body)
		for began := time.Now(); time.Since(began) < 3*server.WriteTimeout; {
			next(t)
		}
		if err := server.Shutdown(t.Context()); err != nil {
			t.Errorf("shutting down with a page open: %v", err)
		}
		if err := <-ended; err != http.ErrServerClosed {
			t.Errorf("serving ended with %v", err)
		}
		near.Close()
	})
}

func TestARequestThatNeverEndsIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newServer(site(newDemo(t, newStub())), quiet)
		l := wire{make(chan net.Conn), make(chan struct{})}
		ended := make(chan error)
		go func() { ended <- server.Serve(l) }()
		near, far := net.Pipe()
		l.conns <- addressed{far, "127.0.0.1:5"}
		began := time.Now()
		if _, err := near.Write([]byte("POST /panel/press HTTP/1.1\r\nHost: loc")); err != nil {
			t.Fatal(err)
		}
		for buf := make([]byte, 512); ; {
			if _, err := near.Read(buf); err != nil {
				break
			}
		}
		if took := time.Since(began); took > server.ReadTimeout {
			t.Errorf("half a request was waited for %s", took)
		}
		server.Close()
		<-ended
	})
}
