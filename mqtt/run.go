package mqtt

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Waits between rounds through the brokers: they double from the first to the last, less up to half by chance.
const (
	firstWait = 500 * time.Millisecond
	lastWait  = 30 * time.Second
)

// settled is how long a connection has to last before it counts as a working one: two clients of one id throw each other
// out within moments, and either would look connected most of the time.
const settled = 10 * time.Second

// Run keeps the door connected until ctx ends. Then it publishes what is due, for a few seconds at the most, says
// offline and disconnects. It returns nil: a broker that cannot be reached is a fault of the door's, not of Run.
func (c *Client) Run(ctx context.Context) error {
	var taking sync.WaitGroup
	defer taking.Wait()
	taking.Go(func() { c.intake.serve(ctx, c.sink) })

	failures, flapping := 0, false
	for ctx.Err() == nil {
		s, detail, hint := c.connect(ctx)
		if s != nil {
			start := time.Now()
			detail, hint = explain(s.serve(ctx, flapping))
			detail = "broker " + s.host + ": " + detail
			flapping = time.Since(start) < settled
		}
		if ctx.Err() != nil {
			break
		}
		if s != nil && !flapping {
			c.o.Log.Warn("mqtt: connection lost: " + detail)
			failures = 0
			continue
		}
		c.raise(detail, hint)
		failures++
		pause(ctx, c.wait(failures))
	}
	return nil
}

// connect tries the brokers in turn. The session is nil when none can be used; then detail and hint say why.
func (c *Client) connect(ctx context.Context) (s *session, detail, hint string) {
	var details, hints []string
	for _, broker := range c.brokers {
		s, err := c.attach(ctx, broker)
		if err == nil {
			return s, "", ""
		}
		detail, hint := explain(err)
		details, hints = append(details, fmt.Sprintf("broker %s: %s", broker.Host, detail)), append(hints, hint)
	}
	return nil, strings.Join(details, "; "), hints[0]
}

// retryWait returns how long to wait after that many failures in a row.
func retryWait(failures int) time.Duration {
	wait := min(firstWait<<min(failures-1, 10), lastWait)
	return wait - rand.N(wait/2)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
