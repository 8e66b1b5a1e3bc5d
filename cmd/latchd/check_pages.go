package main

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"latchd/configs"
	"latchd/web"
)

// renewal is how long before its end a certificate ought to be a new one: the usual ones are renewed 30 days before.
const renewal = 14 * 24 * time.Hour

// pages tells where the pages will be, and looks whether their certificate is good. It makes none: the daemon does, for the
// file has to be the daemon's.
func (r *report) pages(cfg *configs.Config) {
	w := cfg.Web
	if w.Listen == "" {
		return
	}
	free := r.address(cfg)
	switch {
	case w.Cert != "":
		r.certificate(cfg)
	case w.Beyond():
		r.selfMade(cfg)
	case free:
		r.ok("pages: at %s, for this machine alone", addresses(cfg))
	}
}

func addresses(cfg *configs.Config) string {
	at := pageAddresses(cfg)
	return strings.Join(at[:min(len(at), 4)], ", ")
}

func (r *report) certificate(cfg *configs.Config) {
	c, err := web.Given(cfg.Web.Cert, cfg.Web.Key)
	if err != nil {
		r.fail("pages: %v", err)
		return
	}
	shown, err := c.GetCertificate(nil)
	if err != nil {
		r.fail("pages: %v", err)
		return
	}
	r.lasts("pages", "at "+addresses(cfg), shown.Leaf)
	for _, name := range cfg.Web.Hosts {
		if err := shown.Leaf.VerifyHostname(name); err != nil {
			r.warn("pages: browsers will refuse the certificate: %v: get one for %s, or take the name out of web.hosts", err, name)
		}
	}
	r.reads("pages", cfg.Web.Cert)
	r.reads("pages", cfg.Web.Key)
}

// lasts looks whether a certificate is good now, and for a while.
func (r *report) lasts(what, found string, leaf *x509.Certificate) {
	switch now := time.Now(); {
	case now.After(leaf.NotAfter):
		r.fail("%s: the certificate is over since %s: renew it", what, leaf.NotAfter.Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		r.fail("%s: the certificate is not valid before %s", what, leaf.NotBefore.Format(time.DateOnly))
	case now.After(leaf.NotAfter.Add(-renewal)):
		r.warn("%s: the certificate is over on %s: renew it; the daemon reads it again by itself", what, leaf.NotAfter.Format(time.DateOnly))
	default:
		r.ok("%s: %s, certificate good until %s", what, found, leaf.NotAfter.Format(time.DateOnly))
	}
}

func (r *report) selfMade(cfg *configs.Config) {
	file := filepath.Join(cfg.Journal.Path, web.SelfMadeFile)
	c, err := web.Given(file, file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.ok("pages: at %s, with a certificate that the daemon makes at its first start; check then tells its fingerprint", addresses(cfg))
	case err != nil:
		r.warn("pages: %v: the daemon will make another one, with another fingerprint", err)
	default:
		print, err := fingerprint(c)
		if err != nil {
			r.fail("pages: %v", err)
			return
		}
		r.ok("pages: at %s, with a self-made certificate; browsers that warn must show SHA-256 %s", addresses(cfg), print)
	}
}
