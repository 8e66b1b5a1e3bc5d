package mqtt

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"latchd/lock"
)

// raise tells the door of a fault, once for each cause.
func (c *Client) raise(detail, hint string) {
	f := lock.Fault{Part: faultPart, Standing: true, Detail: detail, Hint: hint}
	if f == c.trouble {
		return
	}
	c.trouble = f
	c.o.Log.Warn("mqtt: "+detail, "hint", hint)
	c.sink(f)
}

// clear tells the door that the fault is over.
func (c *Client) clear() {
	if !c.trouble.Standing {
		return
	}
	c.trouble = lock.Fault{}
	c.sink(lock.Fault{Part: faultPart})
}

// failures are why brokers cannot be used, in the order in which they were tried.
type failures []failure

type failure struct {
	host string
	error
}

// explain tells of all of them; the hint is for the first.
func (all failures) explain() (detail, hint string) {
	var details []string
	for _, f := range all {
		d, h := explain(f.error)
		details, hint = append(details, "broker "+f.host+": "+d), cmp.Or(hint, h)
	}
	return strings.Join(details, "; "), hint
}

// refused returns whether one of the brokers' machines is there without a broker on it.
func (all failures) refused() bool {
	return slices.ContainsFunc(all, func(f failure) bool { return errors.Is(f.error, syscall.ECONNREFUSED) })
}

// explain puts into words for people why a broker cannot be used, and what to do about it. Its answer is the same for
// the same cause: no port of ours, no running number.
func explain(err error) (detail, hint string) {
	for _, in := range []func(error) (string, string){explainRefusal, explainTLS, explainNetwork} {
		if detail, hint = in(err); detail != "" {
			return detail, hint
		}
	}
	return strings.TrimPrefix(err.Error(), packets.ErrorNetworkError.Error()+" : "), "see the broker's log"
}

// explainRefusal covers the return codes of CONNACK (MQTT 3.1.1, table 3.1) and the errors of this package.
func explainRefusal(err error) (detail, hint string) {
	const credentials = "check mqtt.username and the secret mqtt-password against the broker's users"
	switch {
	case errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword):
		return "user name or password is wrong", credentials
	case errors.Is(err, packets.ErrorRefusedNotAuthorised):
		return "not authorised", credentials
	case errors.Is(err, packets.ErrorRefusedIDRejected):
		return "the client id is refused", "allow client ids that start with latchd- at the broker"
	case errors.Is(err, packets.ErrorRefusedServerUnavailable):
		return "the broker says that it is unavailable", "see the broker's log"
	case errors.Is(err, packets.ErrorRefusedBadProtocolVersion):
		return "the broker does not speak MQTT 3.1.1", "use a broker that does"
	case errors.Is(err, errNoAck):
		return err.Error(), "is the broker overloaded, or its disk full? see its log"
	}
	return "", ""
}

func explainTLS(err error) (detail, hint string) {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		op        *net.OpError
	)
	switch {
	case errors.As(err, &authority):
		return "the broker's certificate is signed by an authority that is not trusted",
			"set mqtt.ca to the PEM file of that authority's certificate"
	case errors.As(err, &name):
		return "the broker's certificate is for another name: " + strings.TrimPrefix(name.Error(), "x509: "),
			"name the broker in mqtt.brokers as its certificate does, or give it a certificate for this name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return explainValidity(invalid.Cert, time.Now())
	case errors.As(err, &invalid):
		return "the broker's certificate is not valid: " + strings.TrimPrefix(invalid.Error(), "x509: "),
			"give the broker another certificate"
	case errors.As(err, &record):
		return "the broker does not speak TLS on this port", "use the broker's TLS port, usually 8883, or tcp:// for this one"
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert; its type is not exported
		return "the broker ends the TLS handshake: " + strings.TrimPrefix(op.Err.Error(), "tls: "),
			"check mqtt.cert and mqtt.key: does the broker trust that client certificate?"
	}
	return "", ""
}

func explainValidity(cert *x509.Certificate, now time.Time) (detail, hint string) {
	const day = time.DateOnly
	if now.Before(cert.NotBefore) {
		return "the broker's certificate is not valid before " + cert.NotBefore.UTC().Format(day),
			"this machine's clock says " + now.UTC().Format(day) + ": set it if that is wrong"
	}
	return "the broker's certificate expired on " + cert.NotAfter.UTC().Format(day),
		"renew it, or set this machine's clock if " + now.UTC().Format(day) + " is wrong"
}

func explainNetwork(err error) (detail, hint string) {
	var (
		lookup  *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return fmt.Sprintf("the name %q is unknown", lookup.Name), "check mqtt.brokers, and this machine's name server"
	case errors.As(err, &lookup):
		return fmt.Sprintf("the name %q cannot be looked up", lookup.Name), "is the network up? check the name server"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", "is the broker running, and is the port in mqtt.brokers its own?"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "no way to the broker", "is the network up? check the address in mqtt.brokers"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return "the broker does not answer", "check the address and port in mqtt.brokers, and firewalls between"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return "the broker closed the connection",
			"see the broker's log: does another client use the same id, or are ssl:// and tcp:// mistaken for each other?"
	}
	return "", ""
}
