package sms

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"
	v2010 "github.com/twilio/twilio-go/rest/api/v2010"
)

const (
	patience = 10 * time.Second // for one answer
	largest  = 1 << 20          // bytes of an answer that are read
	idleLife = 50 * time.Second // of a connection without requests
)

// newTransport makes connections for requests that must not be lost on the way. HTTP/1.1: a dead connection then takes
// one request with it, not all. Idle ones are closed before Twilio's side does it, which would leave a text that was
// just written in doubt; a peer that is gone is noticed within half a minute. A new one resumes the TLS session of an
// earlier one: no certificate is checked again, and TLS 1.2 saves a round trip. None is kept open while nobody rings:
// a request every 45 s would do it, at 32 context switches each, and rest is to cost less than one a second. Proxies come
// from the environment as http.ProxyFromEnvironment reads it, which never sends loopback addresses through one.
func newTransport(dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	if dial == nil {
		dial = (&net.Dialer{Timeout: patience, KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}).DialContext
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dial, Protocols: http1(), TLSHandshakeTimeout: patience,
		TLSClientConfig:     &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4)},
		MaxIdleConnsPerHost: 4, IdleConnTimeout: idleLife,
	}
}

func http1() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	return &p
}

// exchange is one request to Twilio and what is known of it afterwards. twilio-go takes no context and drops
// Retry-After; the exchange stands under it as a RoundTripper and minds both.
type exchange struct {
	c   *Client
	ctx context.Context

	wrote  atomic.Bool   // a part of the request may have left this machine
	status int           // of the answer, 0 when none came whole
	wait   time.Duration // Retry-After
	date   time.Time     // of the answer, by Twilio's clock, to the second
}

// service is Twilio's API for this one exchange.
func (x *exchange) service() *v2010.ApiService {
	return v2010.NewApiService(client.NewRequestHandler(x.client()))
}

func (x *exchange) client() *client.Client {
	one := x.c.credentials // a copy: it carries this exchange's HTTP client
	one.HTTPClient = &http.Client{Transport: x}
	return &one
}

// RoundTrip implements http.RoundTripper. It reads the answer whole, for twilio-go leaves the bodies of errors open.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	// WroteHeaders comes before the request is flushed, so a request not marked has certainly not left.
	req = req.Clone(httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{WroteHeaders: func() { x.wrote.Store(true) }}))
	req.URL.Scheme, req.URL.Host = x.c.api.Scheme, hostFor(x.c.api, req.URL)
	req.Host = req.URL.Host
	res, err := x.c.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, largest))
	if err != nil {
		return nil, err
	}
	x.status, x.wait = res.StatusCode, after(res.Header)
	x.date, _ = http.ParseTime(res.Header.Get("Date"))
	if 300 <= x.status && x.status < 400 {
		return nil, errRedirect
	}
	res.Body = io.NopCloser(strings.NewReader(string(body)))
	return res, nil
}

// hostFor says where a request goes: to the configured API; and for another of Twilio's products (messaging.twilio.com)
// to that product beside it, in the same region, or to a stand-in for all of them.
func hostFor(api, asked *url.URL) string {
	product, _, _ := strings.Cut(asked.Host, ".")
	if rest, ok := strings.CutPrefix(api.Host, "api."); ok && strings.HasSuffix(api.Hostname(), ".twilio.com") {
		return product + "." + rest
	}
	return api.Host
}

// ask makes one request within its own time, and never beyond ctx's.
func (c *Client) ask(ctx context.Context, hidden string, request func(*exchange) error) (*exchange, *Trouble) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	x := &exchange{c: c, ctx: ctx}
	return x, x.judge(request(x), hidden)
}

// signIn proves the credentials and the sender. A sender is mute when it is a number that cannot call.
func (c *Client) signIn(ctx context.Context) (mute bool, t *Trouble) {
	if c.service != "" {
		_, t := c.ask(ctx, "", c.findService)
		return false, t
	}
	var numbers []v2010.ApiV2010IncomingPhoneNumber
	_, t = c.ask(ctx, "", func(x *exchange) error {
		params := (&v2010.ListIncomingPhoneNumberParams{}).SetPhoneNumber(c.from).SetPageSize(20)
		page, err := x.service().PageIncomingPhoneNumber(params, "", "")
		if err == nil {
			numbers = page.IncomingPhoneNumbers
		}
		return err
	})
	if t != nil {
		return false, t
	}
	for _, n := range numbers {
		if n.PhoneNumber == nil || *n.PhoneNumber != c.from {
			continue
		}
		if n.Capabilities != nil && !n.Capabilities.Sms {
			return false, &Trouble{Detail: "the sender's number cannot send texts", Hint: "choose a number with SMS in Twilio's console"}
		}
		return n.Capabilities != nil && !n.Capabilities.Voice, nil
	}
	return false, &Trouble{Detail: "the sender's number is none of this account's", Hint: "check from and account_sid"}
}

// findService fetches the messaging service. It lives in another of Twilio's products, of which this one request is all
// that is needed, so that product's package is not imported.
func (c *Client) findService(x *exchange) error {
	res, err := x.client().SendRequest(http.MethodGet, "https://messaging.twilio.com/v1/Services/"+c.service, nil, nil)
	if err != nil {
		return err
	}
	var found struct {
		SID string `json:"sid"`
	}
	if err := json.NewDecoder(res.Body).Decode(&found); err != nil {
		return err
	}
	if found.SID != c.service {
		return errStrange
	}
	return nil
}
