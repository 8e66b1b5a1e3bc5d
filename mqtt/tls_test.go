package mqtt

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"
	"time"

	"latchd/lock"
)

func TestARenewedClientCertificateIsShownAtTheNextConnection(t *testing.T) {
	a := newAuthority(t)
	clients := x509.NewCertPool()
	clients.AddCert(a.cert)
	shown := make(chan string, 10)
	server := tlsBroker(t, &tls.Config{Certificates: []tls.Certificate{a.issue(t, "", -1, 1)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
		VerifyConnection: func(s tls.ConnectionState) error {
			shown <- s.PeerCertificates[0].Subject.CommonName
			return nil
		}})
	p := newProxy(t, strings.TrimPrefix(server, "ssl://"), never)
	cert, key := files(t, a.issue(t, "old", -1, 1))
	o := options("ssl://" + p.Address())
	o.TLS = func() (*tls.Config, error) { return TLSConfig(a.file, cert, key) }
	c := client(t, o, newBox(), func(lock.Input) {})
	c.Show(locked)
	defer run(t, c)()
	sees := func(want string) {
		t.Helper()
		select {
		case got := <-shown:
			if got != want {
				t.Errorf("the broker is shown the %s certificate, want the %s one", got, want)
			}
		case <-time.After(safety):
			t.Fatalf("the broker is not shown the %s certificate", want)
		}
	}
	sees("old")
	newCert, newKey := files(t, a.issue(t, "renewed", -1, 1))
	for from, to := range map[string]string{newCert: cert, newKey: key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	p.cut(false)
	sees("renewed")
}
