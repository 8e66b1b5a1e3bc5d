package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"latchd/mqtt"
)

// certify writes an authority's certificate, ca.pem, and two of that authority with their keys of P-256: broker.pem for 127.0.0.1, and
// door.pem for all doors.
func certify(dir string) error {
	authority := &x509.Certificate{IsCA: true, BasicConstraintsValid: true}
	signer, err := issue(dir, "ca", authority, authority, nil)
	for _, name := range []string{"broker", "door"} {
		if err == nil {
			_, err = issue(dir, name, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, authority, signer)
		}
	}
	return err
}

// issue writes a certificate and its key, and returns that; without a signer it signs itself.
func issue(dir, name string, c, authority *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if signer == nil {
		signer = key
	}
	c.SerialNumber, c.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, c, authority, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	return key, os.WriteFile(filepath.Join(dir, name+".pem"), text, 0o600)
}

// secured is the configuration of mosquitto's listener at HOST:PORT for clients with a certificate.
func secured(address, dir string) string {
	host, port, _ := net.SplitHostPort(address)
	return fmt.Sprintf("listener %s %s\ncafile %s/ca.pem\ncertfile %[3]s/broker.pem\nkeyfile %[3]s/broker.pem\nrequire_certificate true\n", port, host, dir)
}

// shake begins TLS on conn, with the files read anew, as the daemon does for each connection.
func shake(ctx context.Context, conn net.Conn, certs string) (net.Conn, error) {
	own := filepath.Join(certs, "door.pem")
	config, err := mqtt.TLSConfig(filepath.Join(certs, "ca.pem"), own, own)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	config.ServerName, _, _ = net.SplitHostPort(conn.RemoteAddr().String())
	c := tls.Client(conn, config)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return c, nil
}
