package web

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// The self-made certificate lives so long: it is trusted by its fingerprint, and another one has to be trusted anew.
const certLife = 10 * 365 * 24 * time.Hour

// SelfMadeFile is the file's name under which SelfMade keeps certificate and key.
const SelfMadeFile = "web-self-made.pem"

// Given is TLS with a certificate and its key from PEM files, which are read again when they have changed.
func Given(cert, key string) (*tls.Config, error) {
	var mu sync.Mutex
	var held tls.Certificate
	var of [2]time.Time
	get := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		now, err := changedAt(cert, key)
		if err == nil && now != of {
			var fresh tls.Certificate
			if fresh, err = tls.LoadX509KeyPair(cert, key); err == nil {
				held, of = fresh, now
			}
		}
		if held.Certificate == nil {
			return nil, err
		}
		return &held, nil // a file half-written: the one before serves on
	}
	if _, err := get(nil); err != nil {
		return nil, fmt.Errorf("read the pages' certificate: %w", err)
	}
	return encrypted(get), nil
}

func changedAt(names ...string) (at [2]time.Time, err error) {
	for i, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return at, err
		}
		at[i] = info.ModTime()
	}
	return at, nil
}

func encrypted(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{GetCertificate: get, MinVersion: tls.VersionTLS12}
}

// SelfMade is TLS with the certificate that dir holds, or makes one and keeps it there: for names (hosts and addresses), with
// a key of its own (ECDSA, P-256). One that lacks a name, or cannot be read, makes way for a new one.
func SelfMade(dir string, names []string) (*tls.Config, error) {
	c, err := selfMade(dir, names)
	if err != nil {
		return nil, err
	}
	return encrypted(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &c, nil }), nil
}

func selfMade(dir string, names []string) (tls.Certificate, error) {
	path := filepath.Join(dir, SelfMadeFile)
	if b, err := os.ReadFile(path); err == nil {
		if c, err := tls.X509KeyPair(b, b); err == nil && serves(c.Leaf, names) {
			return c, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, fmt.Errorf("read the self-made certificate: %w", err)
	}
	b, err := makeCert(names)
	if err == nil {
		err = replace(path, b)
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a certificate: %w", err)
	}
	return tls.X509KeyPair(b, b)
}

// built is a moment that is certainly past.
var built = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func serves(c *x509.Certificate, names []string) bool {
	missing := func(name string) bool { return c.VerifyHostname(name) != nil }
	return time.Now().Before(c.NotAfter) && !slices.ContainsFunc(names, missing)
}

func makeCert(names []string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails (Go 1.24)
	// From long ago: a board without a clock starts in 1970.
	c := x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "latchd"}, NotBefore: time.Unix(0, 0),
		NotAfter: later(time.Now(), built).Add(certLife), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	return b.Bytes(), nil
}

// replace writes a file that is whole or not there.
func replace(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".web-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Fingerprint is a certificate's SHA-256 as browsers show it: AB:CD:...
func Fingerprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}
