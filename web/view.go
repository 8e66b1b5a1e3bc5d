package web

import (
	"time"

	"latchd/lock"
)

// snapshot is the first event of every stream: all that a page needs to draw itself.
type snapshot struct {
	Door   string    `json:"door"`
	Keys   []string  `json:"keys"`
	Enter  string    `json:"enter"`
	Clear  string    `json:"clear"`
	Digits int       `json:"digits"`
	TTL    int64     `json:"ttl_ms"`
	MinGap int64     `json:"min_gap_ms"`
	Status view      `json:"status"`
	Answer *answer   `json:"answer"` // null when the last one is stale
	Text   textState `json:"text"`

	// The demo's page only.
	Watch    string    `json:"watch,omitempty"` // the command that joins the broker
	Texts    []text    `json:"texts,omitempty"`
	Messages []message `json:"messages,omitempty"`
}

// textState is how far the text of the last ring has come: "", "sending", "sent", "delivered" or "failed".
type textState struct {
	State string `json:"state"`
}

// view is the door's status as a page gets it. Times are milliseconds left at the moment of sending.
type view struct {
	Strike    lock.StrikeState `json:"strike"`
	Contact   bool             `json:"contact"`
	Open      bool             `json:"open"`
	Held      bool             `json:"held,omitempty"` // kept open by hand, on the demo's page
	LockedOut bool             `json:"locked_out"`
	Lockout   int64            `json:"lockout_ms"`
	Level     int              `json:"level"`
	TriesLeft int              `json:"tries_left"` // until the lockout
	Code      int64            `json:"code_ms"`
	Resend    int64            `json:"resend_ms"`
	TextsLeft int              `json:"texts_left"`
	Typed     int              `json:"typed"`
	Faults    []fault          `json:"faults"`
}

type fault struct {
	Part   string `json:"part"`
	Kind   string `json:"kind,omitempty"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

func faults(standing []lock.Fault) []fault {
	fs := make([]fault, 0, len(standing))
	for _, f := range standing {
		fs = append(fs, fault{f.Part, f.Kind, f.Detail, f.Hint})
	}
	return fs
}

type text struct {
	To   string `json:"to"`
	Body string `json:"body"`
	At   string `json:"at"`
}

type message struct {
	Topic    string `json:"topic"`
	Payload  string `json:"payload"`
	Retained bool   `json:"retained"`
	At       string `json:"at"`
}

// snapshot describes everything as it is now; mu is held.
func (p *Panel) snapshot() snapshot {
	o := p.opts
	s := snapshot{
		Door: o.Door, Keys: o.Keys, Enter: string(o.Rules.Enter), Clear: string(o.Rules.Clear),
		Digits: o.Rules.Digits, TTL: o.Rules.TTL.Milliseconds(), MinGap: o.Rules.MinGap.Milliseconds(),
		Status: p.view(), Text: textState{p.text},
	}
	if !p.answerAt.IsZero() && time.Since(p.answerAt) < keptAnswer {
		s.Answer = &p.answer
	}
	if p.more != nil {
		p.more(&s)
	}
	return s
}

// view is the last status with its times counted down to now; mu is held.
func (p *Panel) view() view {
	s := p.status
	age := time.Since(p.statusAt)
	left := func(t time.Duration) int64 { return max(0, t-age).Milliseconds() }
	v := view{
		Strike: s.Strike, Contact: s.Contact, Open: s.DoorOpen, Held: p.held, LockedOut: s.LockedOut,
		Lockout: left(s.Remaining), Level: s.Level, TriesLeft: s.TriesLeft, Code: left(s.CodeFor), Resend: left(s.ResendIn),
		TextsLeft: s.TextsLeft, Typed: s.Typed, Faults: faults(s.Faults),
	}
	return v
}
