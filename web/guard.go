package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// policy lets a page load its own files and talk to its own server, and nothing else; no page frames it. On the demo's
// server the demo's page frames the console.
const (
	policy     = common + "frame-ancestors 'none'"
	demoPolicy = common + "frame-src 'self'; frame-ancestors 'self'"

	common = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; "
)

const maxBody = 8 << 10 // bytes of a request

// guard stands before every page. It refuses a Host header that names neither a loopback address, nor this end of the
// connection, nor one of names: a page elsewhere whose name was pointed here (DNS rebinding) gets nothing. It refuses
// changes asked for by other sites, and bodies of more than maxBody, and tells the browser how little a page may do.
func guard(names []string, framed bool, next http.Handler) http.Handler {
	csp := policy
	if framed {
		csp = demoPolicy
	}
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This request comes from another site.", http.StatusForbidden)
	}))
	next = cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if !ours(r, names) {
			http.Error(w, "This server does not go by that name. Open it by its address, or add the name to web.hosts.", http.StatusForbidden)
			return
		}
		if !private(w, r) {
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// private says whether a request came encrypted, or from this machine; a proxy on it says how it came there. In clear text
// from elsewhere, it is led to https or refused.
func private(w http.ResponseWriter, r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	switch {
	case r.TLS != nil, err == nil && loopback(host) && r.Header.Get("X-Forwarded-Proto") != "http":
		return true
	case (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Authorization") == "":
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusPermanentRedirect)
	default:
		http.Error(w, "In clear text this server answers its own machine only.", http.StatusForbidden)
	}
	return false
}

// ours says whether the request's Host is a name of this server. Its port is not looked at: a tunnel may have changed it.
func ours(r *http.Request, names []string) bool {
	host := hostname(r.Host)
	if host == "localhost" {
		return true
	}
	for _, name := range names {
		if host != "" && host == hostname(name) {
			return true
		}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	if ip.IsLoopback() {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.AddrPort().Addr().Unmap() == ip.Unmap()
}

// hostname strips the port, the brackets and the root's dot from a host as it stands in a header or an address.
func hostname(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
