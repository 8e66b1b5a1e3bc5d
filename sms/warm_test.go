package sms

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"latchd/lock"
	"latchd/sms/standin"
)

// dials counts the connections that a rig's client opens from now on.
func (r *rig) dials() *atomic.Int32 {
	var n atomic.Int32
	r.transport.CloseIdleConnections()
	r.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		n.Add(1)
		return r.network.dial(ctx, network, address)
	}
	return &n
}

func TestTheConnectionIsKeptWhileACodeLivesAndNoLonger(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.wait(time.Second)
		n := r.dials()
		for range 3 {
			r.wait(time.Minute) // longer than an idle connection lives
			r.text(90*time.Second, "Ada")
			r.expect(lock.Sent)
			r.expect(lock.Delivered)
		}
		if n.Load() != 1 {
			t.Errorf("%d connections for three texts, want 1", n.Load())
		}
		r.wait(3 * time.Minute) // the check at 5 min is over, too
		if asked := r.twilio.Count(standin.Fetch); asked > 15 {
			t.Errorf("%d requests about three texts", asked)
		}
		was := n.Load()
		r.text(time.Minute, "Ada")
		r.expect(lock.Sent)
		if n.Load() == was {
			t.Error("the connection was kept after the last code's death")
		}
	})
}

func TestTheConnectionIsKeptOnceForAllWhoAreTexted(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		r.text(2*time.Minute, "Ada", "Ben")
		r.wait(10 * time.Second)
		was := r.twilio.Count(standin.Fetch)
		r.wait(5 * time.Minute)
		if n := r.twilio.Count(standin.Fetch) - was; n != 2 {
			t.Errorf("%d requests to keep the connection for two minutes, want 2", n)
		}
	})
}

func TestOldRingsAreNoBurdenWhileThereAreNewOnes(t *testing.T) {
	withRig(t, options(), func(r *rig) {
		for range 50 {
			r.text(2*time.Minute, "Ada", "Ben")
			r.wait(time.Second)
		}
		r.wait(3 * time.Second)
		if n := r.hands.Load(); n > 2 {
			t.Errorf("%d texts in hand, want those of the newest ring", n)
		}
		for range 2 * 2 * 50 {
			if n, _ := r.news(); n.State != lock.Sent && n.State != lock.Delivered {
				t.Fatalf("%+v", n)
			}
		}
	})
}

func TestANewConnectionResumesTheSessionOfAnEarlierOne(t *testing.T) {
	var resumed []bool
	twilio := standin.New(theAccount())
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resumed = append(resumed, r.TLS.DidResume)
		twilio.ServeHTTP(w, r)
	}))
	defer server.Close()
	o := options()
	o.API = server.URL
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	c.transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	for range 3 {
		if err := c.Check(t.Context()); err != nil { // closes its connection
			t.Fatal(err)
		}
	}
	if len(resumed) != 3 || resumed[0] || !resumed[1] || !resumed[2] {
		t.Errorf("resumed: %v, want all but the first", resumed)
	}
}
