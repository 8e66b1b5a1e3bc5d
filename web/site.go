package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
)

// files are served as they are, under their names.
var files = []string{"icon.svg", "pad.css", "pad.js", "clock.js", "words.js", "tongues.js", "panel.css", "panel.js",
	"console.css", "desk.css", "console.js", "page.js", "told.js", "signin.js", "door.js", "timeline.js", "journal.js", "access.js"}

// Site is what one address serves. Panel, Console, Metrics and Demo may be nil: off.
type Site struct {
	Panel   *Panel
	Console *Console
	Metrics *Metrics
	Demo    *Demo    // its page takes the place of the panel's, and may frame the console
	Names   []string // that the Host header may carry beside the connection's own address and loopback
}

// Handler returns the pages and the API. / leads to the page that is on.
func (s Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, name := range files {
		mux.HandleFunc("GET /"+name, file(name))
	}
	first := "/panel/"
	switch {
	case s.Demo != nil:
		first = ""
		mux.HandleFunc("GET /demo.css", file("demo.css"))
		mux.HandleFunc("GET /demo.js", file("demo.js"))
		s.Demo.routes(mux)
	case s.Panel != nil:
		visitor := http.NewServeMux()
		s.Panel.routes(visitor)
		mux.Handle("/panel/", here(visitor))
	case s.Console != nil:
		first = "/console/"
	default:
		first = ""
	}
	if s.Console != nil {
		s.Console.routes(mux)
	}
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics.handler(s))
	}
	if first != "" {
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
			if s.Console != nil && !local(r) {
				http.Redirect(w, r, "/console/", http.StatusFound)
				return
			}
			http.Redirect(w, r, first, http.StatusFound)
		})
	}
	return guard(s.Names, s.Demo != nil, mux)
}

// Close ends every stream, as Panel.Close does.
func (s Site) Close() {
	if s.Demo != nil {
		s.Demo.Close()
	}
	if s.Panel != nil {
		s.Panel.Close()
	}
	if s.Console != nil {
		s.Console.Close()
	}
}

// here lets through who sits at this machine, and not what a proxy on it passes on.
func here(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r) {
			http.Error(w, "The panel is for the screen at the door: open it on the machine itself.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// local says whether a request comes from this machine, by a name of this machine, and of a page of it.
func local(r *http.Request) bool {
	for _, passed := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(passed) != "" {
			return false
		}
	}
	if from := r.Header.Get("Origin"); from != "" {
		if u, err := url.Parse(from); err != nil || !loopback(u.Hostname()) {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && loopback(host) && loopback(hostname(r.Host))
}

// loopback says whether a host's name or address is this machine's alone.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
