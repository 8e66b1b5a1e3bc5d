package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"latchd/configs"
	"latchd/journal"
	"latchd/lock"
	"latchd/otp"
	"latchd/signin"
	"latchd/web"
)

// pages are the house's web pages and what stands behind them; nil parts are off.
type pages struct {
	panel    *web.Panel
	console  *web.Console
	metrics  *web.Metrics
	desk     *signin.Desk
	listener net.Listener
	site     web.Site
	tls      *tls.Config // nil: clear text, to this machine alone
}

// openPages makes the pages ready. Whatever is wrong with them is a fault, and the door works without.
func (h *house) openPages() {
	err := h.makePages()
	if err == nil && h.cfg.Web.Listen != "" {
		h.pages.tls, err = pagesTLS(h.cfg)
	}
	if err != nil {
		h.pages = pages{}
		h.log.Error("there are no pages", "error", err)
		h.post(lock.Fault{Part: "web", Standing: true, Detail: "there are no pages: " + err.Error(), Hint: "mend it and restart"})
		return
	}
	if h.cfg.Web.Listen != "" {
		h.listenPages()
	}
}

func (h *house) makePages() (err error) {
	w, p := h.cfg.Web, &h.pages
	if w.Panel && w.Listen != "" {
		p.panel = web.NewPanel(web.PanelOptions{Hands: panelHands{h.post}, Door: h.cfg.Door.Name, Rules: rules(h.cfg), Keys: h.cfg.Keypad.Keys})
	}
	if w.Console {
		var ended func(string)
		p.desk, err = signin.Open(signin.Options{Dir: h.cfg.Journal.Path, Owners: signinOwners(h.cfg), Rules: signinRules(h.cfg),
			Text: h.textSignIn, Fault: func(f lock.Fault) { h.post(f) }, Ended: func(id string) { ended(id) }, Log: h.log})
		if err != nil {
			return err
		}
		p.console = web.NewConsole(web.ConsoleOptions{Door: h.cfg.DoorID(), Name: h.cfg.Door.Name, Version: version,
			Rules: rules(h.cfg), Desk: p.desk, Order: func(c lock.Command) { h.post(c) },
			Look: func(ctx context.Context, q web.Query) ([]lock.Event, error) {
				return h.journal.Look(ctx, journal.Query(q))
			}})
		ended = p.console.Ended
	}
	if w.Metrics && w.Listen != "" {
		p.metrics = web.NewMetrics(web.MetricsOptions{Version: version, Waiting: h.journal.Waiting, Client: h.knownClient})
	}
	p.site = web.Site{Panel: p.panel, Console: p.console, Metrics: p.metrics, Names: siteNames(h.cfg)}
	return nil
}

// listenPages opens the pages' address, and says whether it could.
func (h *house) listenPages() bool {
	p := &h.pages
	l, err := net.Listen("tcp", h.cfg.Web.Listen)
	if err != nil {
		h.post(lock.Fault{Part: "web", Standing: true, Detail: "the pages are not open: " + err.Error(),
			Hint: "see web.listen; it is tried again every few seconds, for an address may come late"})
		return false
	}
	if p.metrics != nil {
		l = p.metrics.Listen(l)
	}
	p.listener = l
	h.post(lock.Fault{Part: "web"})
	h.log.Info("the pages are open", "address", strings.Join(pageAddresses(h.cfg), " "))
	if print, err := fingerprint(p.tls); err == nil && h.cfg.Web.Cert == "" {
		h.log.Info("the pages' certificate is self-made: compare its fingerprint with what the browser shows", "sha256", print)
	}
	return true
}

// listenAgain is how often the pages' address is tried again.
const listenAgain = 5 * time.Second

// runPages serves the pages until ctx ends.
func (h *house) runPages(ctx context.Context) {
	p := &h.pages
	if p.desk != nil {
		h.job("signin", func() error { p.desk.Run(ctx); return nil })
		h.job("console", func() error { p.console.Run(ctx); return nil })
	}
	if h.cfg.Web.Listen == "" || p.panel == nil && p.console == nil && p.metrics == nil {
		return
	}
	h.job("web", func() error {
		for p.listener == nil && !h.listenPages() {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(listenAgain):
			}
		}
		return web.Serve(ctx, p.listener, p.tls, p.site.Handler(), p.site.Close, h.log)
	})
}

// pageAddresses are those by which the pages are opened: the names that they go by, and where they listen on every
// address of the machine, all of those.
func pageAddresses(c *configs.Config) (urls []string) {
	scheme := "http"
	if c.Web.Cert != "" || c.Web.Beyond() {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(c.Web.Listen)
	hosts := siteNames(c)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		addresses, _ := net.InterfaceAddrs() // none: the names have to do
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
				hosts = append(hosts, n.IP.String())
			}
		}
	}
	for _, name := range hosts {
		urls = append(urls, scheme+"://"+net.JoinHostPort(name, port)+"/")
	}
	return urls
}

// showPages shows the pages what the door is.
func (h *house) showPages(s lock.Status) {
	if p := h.pages.panel; p != nil {
		p.Status(s)
	}
	if c := h.pages.console; c != nil {
		c.Status(s)
	}
	if m := h.pages.metrics; m != nil {
		m.Status(s)
	}
}

// tellPages tells the pages what has happened.
func (h *house) tellPages(events []lock.Event) {
	for _, e := range events {
		if p := h.pages.panel; p != nil {
			p.Event(e)
		}
		if c := h.pages.console; c != nil {
			c.Event(e)
		}
		if m := h.pages.metrics; m != nil {
			m.Event(e)
		}
	}
}

// knownClient says whether a client of the API bears that id and secret.
func (h *house) knownClient(id, secret string) bool {
	ok, err := signin.KnownClient(h.cfg.Journal.Path, id, secret)
	if err != nil {
		h.log.Warn("metrics are refused: the clients cannot be read", "error", err)
	}
	return ok
}

// changePages takes over from another configuration what can change while the pages are open.
func (h *house) changePages(next *configs.Config) {
	p := &h.pages
	if p.desk != nil {
		p.desk.Change(signinOwners(next), signinRules(next))
		p.console.Change(rules(next))
	}
	if p.panel != nil {
		p.panel.Change(rules(next))
	}
}

// textSignIn hands a sign-in code on.
func (h *house) textSignIn(owner string, code otp.Code, ttl time.Duration) {
	if h.texts == nil {
		h.log.Error("a sign-in code was not texted", "owner", owner, "why", h.noTexts.Detail)
		return
	}
	h.texts.SignIn(owner, code, ttl)
}

func signinOwners(c *configs.Config) (owners []signin.Owner) {
	for _, o := range c.Owner {
		owners = append(owners, signin.Owner{Name: o.Name, Phone: o.Phone})
	}
	return owners
}

func signinRules(c *configs.Config) signin.Rules {
	return signin.Rules{Digits: c.Code.Digits, TTL: time.Duration(c.Code.TTL), Attempts: c.Code.Attempts,
		Lockout: time.Duration(c.Code.Lockout), LockoutMax: time.Duration(c.Code.LockoutMax),
		MinGap: time.Duration(c.Texts.MinGap), PerHour: c.Texts.PerHour, PerDay: c.Texts.PerDay}
}

// siteNames are the names that the pages go by.
func siteNames(c *configs.Config) []string {
	host, _, _ := net.SplitHostPort(c.Web.Listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return c.Web.Hosts
	}
	return append([]string{host}, c.Web.Hosts...)
}

// pagesTLS is how the pages are encrypted: with the given certificate, or beyond this machine with a self-made one; nil: not
// at all.
func pagesTLS(c *configs.Config) (*tls.Config, error) {
	switch {
	case c.Web.Cert != "":
		return web.Given(c.Web.Cert, c.Web.Key)
	case c.Web.Beyond():
		return web.SelfMade(c.Journal.Path, siteNames(c))
	}
	return nil, nil
}

// fingerprint is that of the certificate that is shown to browsers.
func fingerprint(c *tls.Config) (string, error) {
	if c == nil {
		return "", errors.New("no certificate")
	}
	shown, err := c.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		return "", err
	}
	return web.Fingerprint(*shown), nil
}

// panelHands are a visitor's on the panel: they press the door's own keys.
type panelHands struct{ post func(lock.Input) }

func (p panelHands) Press(_ context.Context, keys string) error {
	for _, k := range keys {
		p.post(lock.Key{Rune: k})
	}
	return nil
}

func (p panelHands) Bell(context.Context) error {
	p.post(lock.Ring{})
	return nil
}
