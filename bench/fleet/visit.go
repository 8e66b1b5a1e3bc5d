package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"latchd/lock"
	"latchd/otp"
)

// pace is the least time from one visitor of a door to the next. Faster ones would count as a flapping contact.
const pace = 4 * time.Second

// visit is one visitor: bell, code, in one of ten visits first a wrong one, through the door, and the door closes. It fails
// when the door does not do its part within half a minute.
func (d *door) visit(ctx context.Context, rng *rand.Rand) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	next := time.After(pace)
	for len(d.codes)+len(d.opened) > 0 { // of a visit that was cut short
		select {
		case <-d.codes:
		case <-d.opened:
		}
	}
	d.Post(lock.Level{Sensor: lock.Bell, Active: true})
	d.Post(lock.Level{Sensor: lock.Bell})
	text, err := within(ctx, d.codes, "no code came")
	if err != nil {
		return err
	}
	news := lock.TextNews{Ring: text.Ring, Owner: text.To[0], Phone: "…21", State: lock.Sent}
	d.Post(news)
	news.State = lock.Delivered
	d.Post(news)
	wait(ctx, time.Duration(200+rng.IntN(800))*time.Millisecond)
	if rng.IntN(10) == 0 {
		d.enter(wrong(text.Code))
	}
	d.enter(text.Code.Reveal())
	if _, err := within(ctx, d.opened, "the right code did not open"); err != nil {
		return err
	}
	wait(ctx, 300*time.Millisecond)
	d.Post(lock.Level{Sensor: lock.Contact})
	wait(ctx, 300*time.Millisecond)
	d.Post(lock.Level{Sensor: lock.Contact, Active: true})
	select {
	case <-next:
	case <-ctx.Done():
	}
	return nil
}

func (d *door) enter(digits string) {
	for _, key := range digits + "#" {
		d.Post(lock.Key{Rune: key})
	}
}

// wrong returns an entry that differs in one digit.
func wrong(c otp.Code) string {
	b := []byte(c.Reveal())
	b[0] = '0' + (b[0]-'0'+1)%10
	return string(b)
}

func within[T any](ctx context.Context, from <-chan T, why string) (v T, err error) {
	select {
	case v = <-from:
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(30 * time.Second):
		err = errors.New(why)
	}
	return v, err
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
