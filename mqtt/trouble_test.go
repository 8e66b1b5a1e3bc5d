package mqtt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"latchd/lock"
)

// authority is a certificate authority of one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	a.cert, a.key = sign(t, template, nil)
	a.file = writePEM(t, "CERTIFICATE", a.cert.Raw)
	return a
}

// sign makes a certificate, signed by a or, without, by itself.
func sign(t *testing.T, template *x509.Certificate, a *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// issue makes a certificate for 127.0.0.1 or, with a name, for that host or user alone, valid between the hours from now.
func (a *authority) issue(t *testing.T, name string, from, to int) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(time.Duration(from) * time.Hour),
		NotAfter: time.Now().Add(time.Duration(to) * time.Hour), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}}
	if name == "" {
		template.DNSNames, template.IPAddresses = nil, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	cert, key := sign(t, template, a)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// files writes the certificate for TLSConfig.
func files(t *testing.T, c tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(c.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", c.Certificate[0]), writePEM(t, "EC PRIVATE KEY", der)
}

func tlsBroker(t *testing.T, config *tls.Config) string {
	t.Helper()
	server, address := mochiBroker(t, listeners.Config{TLSConfig: config})
	if err := server.AddHook(new(auth.AllowHook), nil); err != nil {
		t.Fatal(err)
	}
	return "ssl://" + address
}

func TestAPrivateAuthorityAndAClientCertificateAreEnough(t *testing.T) {
	a := newAuthority(t)
	clients := x509.NewCertPool()
	clients.AddCert(a.cert)
	cert, key := files(t, a.issue(t, "latchd", -1, 1))
	config, err := TLSConfig(a.file, cert, key)
	if err != nil {
		t.Fatal(err)
	}
	o := options(tlsBroker(t, &tls.Config{Certificates: []tls.Certificate{a.issue(t, "", -1, 1)},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}))
	o.TLS = func() (*tls.Config, error) { return config, nil }
	b := newBox()
	c := client(t, o, b, func(i lock.Input) { t.Errorf("%+v", i) })
	c.Show(locked)
	c.Tell(b.store(lock.Event{Type: lock.DaemonStarted}))
	stop := run(t, c)
	defer stop()
	select {
	case <-b.noted:
	case <-time.After(safety):
		t.Error("the event is undelivered")
	}
}

func TestFaultsNameTheCauseAndWhatToDo(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	serve := func(cert tls.Certificate) string {
		return tlsBroker(t, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	users, address := mochiBroker(t, listeners.Config{})
	if err := users.AddHook(new(auth.Hook), &auth.Options{Ledger: &auth.Ledger{
		Auth: auth.AuthRules{{Username: "door", Password: "right", Allow: true}}}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, broker, detail, hint string }{
		{"nobody listens", "tcp://" + freePort(t), "connection refused", "is the broker running"},
		{"the name does not exist", "tcp://latchd.invalid:1883", "cannot be looked up|is unknown", "name server"},
		{"the password is wrong", "tcp://" + address, "user name or password is wrong|not authorised", "mqtt-password"},
		{"a strange authority", serve(stranger.issue(t, "", -1, 1)), "authority that is not trusted", "mqtt.ca"},
		{"a certificate for another name", serve(a.issue(t, "other.example", -1, 1)), "for another name", "mqtt.brokers"},
		{"a certificate that has expired", serve(a.issue(t, "", -2, -1)), "expired on " + today(), "renew it"},
		{"a certificate of the future", serve(a.issue(t, "", 1, 2)), "not valid before", "clock"},
		{"a broker that wants a client certificate", tlsBroker(t, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert,
			Certificates: []tls.Certificate{a.issue(t, "", -1, 1)}, ClientCAs: pool}), "certificate required", "mqtt.cert"},
		{"TLS on a port without", "ssl://" + chatter(t), "does not speak TLS", "8883"},
		{"no broker at all", "tcp://" + chatter(t), "closed the connection", "log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const password = "wr0ng-and-secret"
			var log bytes.Buffer
			o := options(c.broker)
			o.TLS = func() (*tls.Config, error) { return &tls.Config{RootCAs: pool}, nil }
			o.Username, o.Password = "door", password
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			in := make(inputs, 100)
			m := client(t, o, newBox(), in.take)
			m.Show(locked)
			stop := run(t, m)
			fault := next[lock.Fault](t, in)
			stop()
			if !fault.Standing || fault.Part != "mqtt" || !containsOne(fault.Detail, c.detail) || !strings.Contains(fault.Hint, c.hint) {
				t.Errorf("%+v", fault)
			}
			if all := fmt.Sprint(fault, log.String()); strings.Contains(all, password) || log.Len() == 0 {
				t.Errorf("says %s", all)
			}
		})
	}
}

func TestMosquittoAndTheDoorTellWhyACertificateIsRefused(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	good, user := a.issue(t, "", -1, 1), a.issue(t, "latchd-front", -1, 1)
	for _, c := range []struct {
		name         string
		broker, door tls.Certificate
		detail, hint string
	}{
		{"the broker's is for another name", a.issue(t, "other.example", -1, 1), user, "for another name", "mqtt.brokers"},
		{"the broker's has expired", a.issue(t, "", -2, -1), user, "expired on " + today(), "renew it"},
		{"the broker's is of a strange authority", stranger.issue(t, "", -1, 1), user, "not trusted", "mqtt.ca"},
		{"the door has none", good, tls.Certificate{}, "ends the TLS handshake: certificate required", "mqtt.cert"},
		{"the door's is of a strange authority", good, stranger.issue(t, "latchd-front", -1, 1),
			"ends the TLS handshake: unknown certificate authority", "does the broker trust that client certificate"},
		{"the door's has expired", good, a.issue(t, "latchd-front", -2, -1), "ends the TLS handshake: expired certificate", "mqtt.cert"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(readAccessList(t).runTLS(t, a, c.broker))
			config := a.with(t, user)
			config.Certificates = []tls.Certificate{c.door}
			o.TLS = func() (*tls.Config, error) { return config, nil }
			in := make(inputs, 100)
			m := client(t, o, newBox(), in.take)
			m.Show(locked)
			run(t, m)
			fault := next[lock.Fault](t, in)
			if !fault.Standing || !strings.Contains(fault.Detail, c.detail) || !strings.Contains(fault.Hint, c.hint) {
				t.Errorf("%+v", fault)
			}
		})
	}
}

// chatter starts a server of another protocol.
func chatter(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "220 mail.example ESMTP\r\n")
			conn.Close()
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l.Addr().String()
}

func today() string { return time.Now().Add(-time.Hour).UTC().Format(time.DateOnly) }

func containsOne(s, alternatives string) bool {
	for a := range strings.SplitSeq(alternatives, "|") {
		if strings.Contains(s, a) {
			return true
		}
	}
	return false
}

func TestTheNextBrokerIsTriedInTurn(t *testing.T) {
	address := broker(t)
	e := listen(t, address, "latchd/#")
	c := client(t, options("tcp://"+freePort(t), address), newBox(), func(i lock.Input) { t.Errorf("%+v", i) })
	c.Show(locked)
	run(t, c)
	e.until(t, "latchd/front/availability", "online")
}

// unreadable lets everybody do everything but read one topic.
type unreadable struct {
	auth.AllowHook
	topic string
}

func (h *unreadable) OnACLCheck(_ *mochi.Client, topic string, write bool) bool {
	return write || topic != h.topic
}

func TestARefusedSubscriptionIsAFaultAndThePublishingGoesOn(t *testing.T) {
	server, address := mochiBroker(t, listeners.Config{})
	if err := server.AddHook(&unreadable{topic: "latchd/front/lock/set"}, nil); err != nil {
		t.Fatal(err)
	}
	e, in := listen(t, "tcp://"+address, "latchd/#"), make(inputs, 100)
	c := client(t, options("tcp://"+address), newBox(), in.take)
	c.Show(locked)
	run(t, c)
	fault := next[lock.Fault](t, in)
	if !fault.Standing || !strings.HasSuffix(fault.Detail, "the subscription to latchd/front/lock/set is refused") {
		t.Errorf("%+v", fault)
	}
	standing := locked
	standing.Faults = []lock.Fault{fault}
	c.Show(standing)
	e.until(t, "latchd/front/problem/state", "ON")
}

func TestABrokerIsReachedOverWebSocket(t *testing.T) {
	server := mochi.New(&mochi.Options{Logger: quiet})
	if err := server.AddHook(new(auth.AllowHook), nil); err != nil {
		t.Fatal(err)
	}
	l := listeners.NewWebsocket(listeners.Config{ID: "test", Address: freePort(t)})
	if err := errors.Join(server.AddListener(l), server.Serve()); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	b := newBox()
	c := client(t, options("ws://"+l.Address()), b, func(lock.Input) {})
	c.wait = func(int) time.Duration { return time.Millisecond } // its listener opens a moment after Serve
	c.Show(locked)
	c.Tell(b.store(lock.Event{Type: lock.DaemonStarted}))
	defer run(t, c)()
	select {
	case <-b.noted:
	case <-time.After(safety):
		t.Error("the event is undelivered")
	}
}

// freePort returns an address at which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTLSConfigSaysWhatIsWrongWithItsFiles(t *testing.T) {
	empty := writePEM(t, "NOTHING", nil)
	cert, key := files(t, newAuthority(t).issue(t, "x", -1, 1))
	_, other := files(t, newAuthority(t).issue(t, "x", -1, 1))
	for _, c := range []struct{ name, ca, cert, key, want string }{
		{"no such file", "/nonexistent/ca.pem", "", "", "ca: open /nonexistent/ca.pem: no such file"},
		{"no certificate in it", empty, "", "", "no PEM certificate"},
		{"a certificate without its key", "", cert, "", "set both or neither"},
		{"a key without its certificate", "", "", key, "set both or neither"},
		{"the key of another", "", cert, other, "private key does not match"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := TLSConfig(c.ca, c.cert, c.key); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if c, err := TLSConfig("", "", ""); err != nil || c.RootCAs != nil || c.MinVersion != tls.VersionTLS12 {
		t.Errorf("the default is %+v, %v", c, err)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"no broker", func(o *Options) { o.Brokers = nil }, "no broker"},
		{"another scheme", func(o *Options) { o.Brokers = []string{"http://h"} }, "want tcp://"},
		{"no host", func(o *Options) { o.Brokers = []string{"tcp://"} }, "want tcp://"},
		{"a password in the address", func(o *Options) { o.Brokers = []string{"tcp://u:s3cret@h:1"} }, "mqtt-password"},
		{"a wildcard in the prefix", func(o *Options) { o.Prefix = "a/+" }, `"a/+"`},
		{"an empty prefix", func(o *Options) { o.Prefix = "" }, "prefix"},
		{"a style that does not exist", func(o *Options) { o.Style = "list" }, `"device" and "entity"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options("tcp://127.0.0.1")
			c.change(&o)
			if _, err := New(o, nil, nil); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
