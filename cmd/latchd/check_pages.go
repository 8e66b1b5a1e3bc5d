package main

import (
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
	switch {
	case w.Listen == "":
		return
	case w.Cert != "":
		r.certificate(cfg)
	case w.Beyond():
		r.selfMade(cfg)
	default:
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
	switch leaf, now := shown.Leaf, time.Now(); {
	case now.After(leaf.NotAfter):
		r.fail("pages: the certificate is over since %s: renew it", leaf.NotAfter.Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		r.fail("pages: the certificate is not valid before %s", leaf.NotBefore.Format(time.DateOnly))
	case now.After(leaf.NotAfter.Add(-renewal)):
		r.warn("pages: the certificate is over on %s: renew it; the daemon reads it again by itself", leaf.NotAfter.Format(time.DateOnly))
	default:
		r.ok("pages: at %s, certificate good until %s", addresses(cfg), leaf.NotAfter.Format(time.DateOnly))
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
