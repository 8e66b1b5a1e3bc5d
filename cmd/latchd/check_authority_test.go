package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchd/configs"
)

func TestAnAuthorityThatEndsSoonIsTold(t *testing.T) {
	const day = 24 * time.Hour
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	for name, tt := range map[string]struct {
		ends []time.Duration // from now, of each authority
		want []string        // how each finding begins
	}{
		"a good one":             {[]time.Duration{300 * day}, []string{"ok    mqtt: the authorities' certificates can be read"}},
		"one that ends soon":     {[]time.Duration{5 * day}, []string{"ok    mqtt: the auth", "warn  mqtt: authority CN=A: the certificate is over on "}},
		"the second ends soon":   {[]time.Duration{300 * day, 5 * day}, []string{"ok    mqtt: the auth", "warn  mqtt: authority CN=B: the certificate is over on "}},
		"one that is over":       {[]time.Duration{-day}, []string{"ok    mqtt: the auth", "fail  mqtt: authority CN=A: the certificate is over since "}},
		"one left from a change": {[]time.Duration{-day, 300 * day}, []string{"ok    mqtt: the auth", "warn  mqtt: authority CN=A: it is over since "}},
	} {
		t.Run(name, func(t *testing.T) {
			var all []byte
			for i, ends := range tt.ends {
				c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: string(rune('A' + i))},
					NotBefore: time.Now().Add(-100 * day), NotAfter: time.Now().Add(ends), IsCA: true, BasicConstraintsValid: true}
				der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
			}
			if err := os.WriteFile(file, all, 0o600); err != nil {
				t.Fatal(err)
			}
			cfg := configs.Default()
			cfg.MQTT.CA = file
			var out strings.Builder
			(&report{out: &out}).broker(&cfg, configs.Secrets{})
			got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			for i, line := range got {
				if len(got) != len(tt.want) || !strings.HasPrefix(line, tt.want[i]) {
					t.Fatalf("it says %q, want %q", got, tt.want)
				}
			}
		})
	}
}
