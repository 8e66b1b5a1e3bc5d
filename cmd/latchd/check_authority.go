package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"time"
)

// authorities looks whether those of a PEM file, which alone the broker may be vouched for by, are good for a while: who
// renews the broker's certificate may forget them. One that is over beside others is left from a change, and only named.
func (r *report) authorities(file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return // that has been told
	}
	var all []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	now := time.Now()
	good := slices.ContainsFunc(all, func(c *x509.Certificate) bool { return now.After(c.NotBefore) && now.Before(c.NotAfter) })
	for _, c := range all {
		what := "mqtt: authority " + c.Subject.String()
		switch {
		case good && now.After(c.NotAfter):
			r.warn("%s: it is over since %s: take it out of %s", what, c.NotAfter.Format(time.DateOnly), file)
		case good && now.Before(c.NotBefore): // the next one, there before its time
		case now.Before(c.NotBefore) || now.After(c.NotAfter.Add(-renewal)):
			r.lasts(what, "", c)
		}
	}
}
