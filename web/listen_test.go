package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// far makes connections look as if they came from elsewhere.
type far struct{ net.Listener }

func (l far) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return farConn{c}, err
}

type farConn struct{ net.Conn }

func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 5} }

// serve serves an answer of one word, and returns the address.
func serve(t *testing.T, encrypt *tls.Config, wrap func(net.Listener) net.Listener) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	h := guard(nil, false, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "served") }))
	go func() { ended <- Serve(ctx, wrap(l), encrypt, h, func() {}, quiet) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serving ended with %v", err)
		}
	})
	return l.Addr().String()
}

func near(l net.Listener) net.Listener { return l }

// get returns the status and the body, without following where it is led.
func get(t *testing.T, url string, roots *x509.CertPool) (int, string, http.Header) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	c := http.Client{Transport: transport, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Get(url)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func TestOneAddressSpeaksTLSToAllAndClearTextToThisMachine(t *testing.T) {
	dir := t.TempDir()
	encrypt, err := SelfMade(dir, []string{"127.0.0.1", "door.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := encrypt.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(shown.Leaf)
	here, there := serve(t, encrypt, near), serve(t, encrypt, func(l net.Listener) net.Listener { return far{l} })
	for name, c := range map[string]struct {
		url  string
		code int
		body string
	}{
		"TLS from here":                             {"https://" + here, 200, "served"},
		"clear text from here":                      {"http://" + here, 200, "served"},
		"TLS from elsewhere":                        {"https://" + there, 200, "served"},
		"clear text from elsewhere is led to https": {"http://" + there + "/console/", 308, ""},
	} {
		code, body, header := get(t, c.url, roots)
		if code != c.code || !strings.Contains(body, c.body) {
			t.Errorf("%s: %d %q, want %d %q", name, code, body, c.code, c.body)
		}
		if code == 308 && header.Get("Location") != "https://"+there+"/console/" {
			t.Errorf("%s: to %s", name, header.Get("Location"))
		}
	}
	again, err := SelfMade(dir, []string{"door.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if kept, _ := again.GetCertificate(nil); Fingerprint(*kept) != Fingerprint(*shown) {
		t.Error("the certificate is another one after a restart")
	}
	other, err := SelfMade(dir, []string{"new.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if fresh, _ := other.GetCertificate(nil); Fingerprint(*fresh) == Fingerprint(*shown) {
		t.Error("a certificate that lacks the door's name was kept")
	}
	if info, err := os.Stat(filepath.Join(dir, SelfMadeFile)); err != nil || info.Mode() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
}

func TestAGivenCertificateIsReadAgainWhenItHasChanged(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pair.pem")
	write := func(name string, at time.Time) string {
		b, err := makeCert([]string{name})
		if err == nil {
			err = errors.Join(os.WriteFile(file, b, 0o600), os.Chtimes(file, at, at))
		}
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	if _, err := Given(file, file); err == nil {
		t.Error("a certificate that is not there was taken")
	}
	write("old.example.org", time.Unix(1000, 0))
	c, err := Given(file, file)
	if err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		t.Helper()
		k, err := c.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return k.Leaf.DNSNames[0]
	}
	if got := shown(); got != "old.example.org" {
		t.Errorf("shows %s", got)
	}
	write("new.example.org", time.Unix(2000, 0))
	if got := shown(); got != "new.example.org" {
		t.Errorf("shows %s after a change", got)
	}
	if err := os.WriteFile(file, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := shown(); got != "new.example.org" {
		t.Errorf("shows %s while the file is half written", got)
	}
}

func TestConnectionsFromElsewhereAreBoundedAndLeaveRoomForTheScreenAtTheDoor(t *testing.T) {
	d := &doorman{of: map[netip.Prefix]int{}}
	call := func(remote string) net.Conn {
		mine, theirs := net.Pipe()
		theirs.Close()
		return addressed{mine, remote}
	}
	var first *guest
	for n := range mostElsewhere {
		g, ok := d.admit(call(fmt.Sprintf("192.0.2.%d:5", 100+n/mostOfOne)))
		if !ok {
			t.Fatalf("number %d is turned away", n)
		}
		if first == nil {
			first = g
		}
		if n == mostOfOne {
			if _, ok := d.admit(call("192.0.2.100:5")); ok {
				t.Fatal("one address gets more than its share")
			}
		}
	}
	if _, ok := d.admit(call("192.0.2.8:5")); ok {
		t.Error("one too many is let in")
	}
	if _, ok := d.admit(call("127.0.0.1:5")); !ok {
		t.Error("the screen at the door is turned away")
	}
	first.Close()
	first.Close()
	if _, ok := d.admit(call("192.0.2.8:5")); !ok {
		t.Error("the place of one that has gone stays empty")
	}
	if _, ok := d.admit(call("192.0.2.8:5")); ok {
		t.Error("one that was closed twice has left two places")
	}
}

func TestOneLineIsOneStrangerWhateverItsAddresses(t *testing.T) {
	for a, b := range map[string]string{"[2001:db8::1]:5": "[2001:db8::ffff:1]:6", "192.0.2.7:5": "[::ffff:192.0.2.7]:6", "[fe80::1%eth0]:5": "[fe80::2%eth1]:5"} {
		if origin(addressed{nil, a}) != origin(addressed{nil, b}) {
			t.Errorf("%s and %s are two", a, b)
		}
	}
	for a, b := range map[string]string{"[2001:db8::1]:5": "[2001:db8:0:1::1]:5", "192.0.2.7:5": "192.0.2.8:5", "[::1]:5": "[::2]:5"} {
		if origin(addressed{nil, a}) == origin(addressed{nil, b}) {
			t.Errorf("%s and %s are one", a, b)
		}
	}
}

// One connection that carries hundreds of requests at a time would make the bound on connections no bound on memory.
func TestOneConnectionIsOneRequestAtATime(t *testing.T) {
	encrypt, err := SelfMade(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	at := serve(t, encrypt, near)
	c, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if p := c.ConnectionState().NegotiatedProtocol; p == "h2" {
		t.Errorf("speaks %s", p)
	}
}

func TestASilentConnectionDoesNotDelayTheEnd(t *testing.T) {
	encrypt, err := SelfMade(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	synced := make(chan struct{}, 1)
	ended := make(chan error)
	go func() { ended <- Serve(ctx, heard{l, synced}, encrypt, http.NotFoundHandler(), func() {}, quiet) }()
	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	<-synced
	began := time.Now()
	stop()
	if <-ended; time.Since(began) >= hello {
		t.Error("the end waited for a connection that says nothing")
	}
}

// heard tells of each connection.
type heard struct {
	net.Listener
	told chan struct{}
}

func (h heard) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	if err == nil {
		h.told <- struct{}{}
	}
	return c, err
}

type addressed struct {
	net.Conn
	remote string
}

func (a addressed) RemoteAddr() net.Addr {
	addr, _ := net.ResolveTCPAddr("tcp", a.remote)
	return addr
}

func TestConnectionsAreLetInOneAfterTheOther(t *testing.T) {
	at, began := serve(t, nil, near), time.Now()
	for range 50 {
		if status, body, _ := get(t, "http://"+at, nil); status != http.StatusOK {
			t.Fatal(status, body)
		}
	}
	if took := time.Since(began); took < 49*welcomeGap {
		t.Errorf("50 connections were let in within %v", took)
	}
}
