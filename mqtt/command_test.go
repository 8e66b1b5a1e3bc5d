package mqtt

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/time/rate"

	"latchd/lock"
)

var commands = []struct {
	name     string
	payload  string
	retained bool
	want     lock.Command
}{
	{"an unlock with its time", `{"action":"UNLOCK","at":1763683199.125}`, false,
		lock.Command{Action: lock.Unlock, At: time.Unix(1763683199, 125e6)}},
	{"an open without a time is for the door to judge", `{"action":"OPEN"}`, false, lock.Command{Action: lock.Open}},
	{"other keys are nobody's business", ` {"action":"OPEN","at":1,"from":{"a":[1,2]}} `, false,
		lock.Command{Action: lock.Open, At: time.Unix(1, 0)}},
	{"what Home Assistant's template makes", `{"at": 1763683199.5, "action": "LOCK"}`, false,
		lock.Command{Action: lock.Lock, At: time.Unix(1763683199, 5e8)}},
	{"a retained lock locks", `{"action":"LOCK","at":1763683199}`, true, lock.Command{Action: lock.Lock, At: time.Unix(1763683199, 0)}},
	{"a lock with a broken time locks", `{"action":"LOCK","at":"now"}`, false, lock.Command{Action: lock.Lock}},

	{"a retained unlock", `{"action":"UNLOCK","at":1763683199}`, true,
		lock.Command{Action: lock.Unlock, At: time.Unix(1763683199, 0), Refused: lock.Retained}},
	{"nothing", "", false, lock.Command{Refused: lock.NotJSON}},
	{"a bare word", "UNLOCK", false, lock.Command{Refused: lock.NotJSON}},
	{"a string", `"UNLOCK"`, false, lock.Command{Refused: lock.NotJSON}},
	{"a list", `[{"action":"UNLOCK"}]`, false, lock.Command{Refused: lock.NotJSON}},
	{"null", `null`, false, lock.Command{Refused: lock.NotJSON}},
	{"an object cut short", `{"action":"UNLOCK","at":17`, false, lock.Command{Refused: lock.NotJSON}},
	{"an object without its end", `{"action":"UNLOCK"`, false, lock.Command{Refused: lock.NotJSON}},
	{"two objects", `{"action":"UNLOCK","at":1}{}`, false, lock.Command{Refused: lock.NotJSON}},
	{"rubbish behind the object", `{"action":"UNLOCK","at":1} x`, false, lock.Command{Refused: lock.NotJSON}},
	{"a key that stands twice", `{"action":"LOCK","action":"UNLOCK"}`, false, lock.Command{Refused: lock.NotJSON}},
	{"binary", "\x00\xff\xfe\x10", false, lock.Command{Refused: lock.NotJSON}},
	{"a string that is not UTF-8", "{\"action\":\"UNLOCK\",\"x\":\"\xff\"}", false, lock.Command{Refused: lock.NotJSON}},
	{"more than 1 KiB", `{"action":"LOCK","x":"` + strings.Repeat("x", 1024) + `"}`, false, lock.Command{Refused: lock.TooLarge}},
	{"an object without an action", `{"at":1763683199}`, false,
		lock.Command{At: time.Unix(1763683199, 0), Refused: lock.UnknownAction}},
	{"an action that is no string", `{"action":1}`, false, lock.Command{Refused: lock.UnknownAction}},
	{"an action that does not exist", `{"action":"EXPLODE"}`, false, lock.Command{Refused: lock.UnknownAction}},
	{"an action of the console", `{"action":"PARDON"}`, false, lock.Command{Refused: lock.UnknownAction}},
	{"an action in small letters", `{"action":"unlock","at":1}`, false, lock.Command{At: time.Unix(1, 0), Refused: lock.UnknownAction}},
	{"a key in capitals", `{"ACTION":"UNLOCK","at":1}`, false, lock.Command{At: time.Unix(1, 0), Refused: lock.UnknownAction}},
	{"a time in words", `{"action":"UNLOCK","at":"now"}`, false, lock.Command{Action: lock.Unlock, Refused: lock.NotJSON}},
	{"a time of null", `{"action":"UNLOCK","at":null}`, false, lock.Command{Action: lock.Unlock, Refused: lock.NotJSON}},
	{"a time beyond all numbers", `{"action":"UNLOCK","at":1e999}`, false, lock.Command{Action: lock.Unlock, Refused: lock.NotJSON}},
	{"a time in milliseconds", `{"action":"UNLOCK","at":1763683199123}`, false, lock.Command{Action: lock.Unlock, Refused: lock.Future}},
	{"a time before 1970", `{"action":"UNLOCK","at":-1}`, false, lock.Command{Action: lock.Unlock, Refused: lock.Stale}},
}

func TestParseCommand(t *testing.T) {
	for _, c := range commands {
		t.Run(c.name, func(t *testing.T) {
			got := parseCommand([]byte(c.payload), c.retained)
			c.want.Method = lock.ByMQTT
			if d := cmp.Diff(c.want, got, cmpopts.IgnoreFields(lock.Command{}, "Detail")); d != "" {
				t.Error(d)
			}
			if (got.Refused == "") != (got.Detail == "") {
				t.Errorf("refused %q with detail %q", got.Refused, got.Detail)
			}
		})
	}
}

// Whoever has sent several finds the answer to each by its at.
func TestACommandsTimeComesBackAsItWasGiven(t *testing.T) {
	for _, at := range []string{"1763683199.123456", "1763683199.123", "1763683199", "1.000001"} {
		cmd := parseCommand([]byte(`{"action":"OPEN","at":`+at+`}`), false)
		_, payload := liveMessage(lock.Event{Type: lock.CommandDone, Method: lock.ByMQTT, Made: cmd.At})
		if !strings.Contains(payload, `"made":`+at+`,`) {
			t.Errorf("%s comes back in %s", at, payload)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, c := range commands {
		f.Add([]byte(c.payload), c.retained)
	}
	f.Fuzz(func(t *testing.T, payload []byte, retained bool) {
		cmd := parseCommand(payload, retained)
		if cmd.Method != lock.ByMQTT || cmd.Trusted {
			t.Errorf("%+v", cmd)
		}
		opens := cmd.Refused == "" && cmd.Action != lock.Lock
		if opens && (retained || cmd.Action != lock.Unlock && cmd.Action != lock.Open || len(payload) > maxCommand ||
			!utf8.Valid(payload) || !strings.Contains(string(payload), "{")) {
			t.Errorf("%q (retained: %v) opens: %+v", payload, retained, cmd)
		}
		if y := cmd.At.UTC().Year(); !cmd.At.IsZero() && (y < 1970 || y > 9999) {
			t.Errorf("%q is of the year %d", payload, y)
		}
	})
}

func TestCommandsReachTheDoorAndRefusalsAreMarked(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e, in := listen(t, address, "latchd/front/#"), make(inputs, 100)
		e.say(t, "latchd/front/lock/set", `{"action":"UNLOCK","at":1763683199}`, true)
		e.until(t, "latchd/front/lock/set", "") // an acknowledgement does not say that it has been passed on
		c := client(t, options(address), newBox(), in.take)
		c.intake.limit.SetLimit(rate.Inf)
		c.Show(locked)
		run(t, c)
		e.until(t, "latchd/front/availability", "online")
		if got := next[lock.Command](t, in); got.Refused != lock.Retained {
			t.Errorf("retained: %+v", got)
		}
		for _, sent := range commands {
			if sent.retained {
				continue // published now, it would arrive as not retained
			}
			e.say(t, "latchd/front/lock/set", sent.payload, false)
			if got := next[lock.Command](t, in); got.Refused != sent.want.Refused || got.Action != sent.want.Action {
				t.Errorf("%s: %+v", sent.name, got)
			}
		}
		e.say(t, "latchd/front/lock/set", strings.Repeat("x", 1<<20), false)
		if got := next[lock.Command](t, in); got.Refused != lock.TooLarge {
			t.Errorf("1 MiB: %+v", got)
		}
		e.say(t, "latchd/front/lock/set", `{"action":"OPEN","at":1}`, false)
		if got := next[lock.Command](t, in); got.Refused != "" || got.Action != lock.Open {
			t.Errorf("after 1 MiB: %+v", got)
		}
	})
}

func TestAnUnlockSentWhileAwayDoesNotArrive(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e, in := listen(t, address, "latchd/front/#"), make(inputs, 100)
		p := newProxy(t, address, never)
		c := client(t, options(p.address()), newBox(), in.take)
		c.wait = func(int) time.Duration { return time.Millisecond }
		c.Show(locked)
		run(t, c)
		e.until(t, "latchd/front/availability", "online")
		p.cut(true)
		e.until(t, "latchd/front/availability", "offline")
		e.say(t, "latchd/front/lock/set", `{"action":"UNLOCK","at":1}`, false)
		e.until(t, "latchd/front/lock/set", "")
		p.cut(false)
		e.until(t, "latchd/front/availability", "online")
		e.say(t, "latchd/front/lock/set", `{"action":"OPEN","at":2}`, false)
		if got := next[lock.Command](t, in); got.Action != lock.Open {
			t.Errorf("%+v", got)
		}
	})
}

func TestAFloodOfCommandsStopsNeitherTheConnectionNorALock(t *testing.T) {
	eachBroker(t, func(t *testing.T, address string) {
		e := listen(t, address, "latchd/front/availability")
		taken, release := make(inputs, 100_000), make(chan struct{})
		b := newBox()
		c := client(t, options(address), b, func(i lock.Input) {
			<-release // the door is slow
			taken <- i
		})
		c.Show(locked)
		run(t, c)
		defer close(release)
		e.until(t, "latchd/front/availability", "online")
		for range 2000 {
			e.Publish("latchd/front/lock/set", 1, false, `{"action":"UNLOCK","at":1}`)
		}
		e.say(t, "latchd/front/lock/set", `{"action":"LOCK"}`, false)
		e.say(t, "homeassistant/status", "online", false)
		e.until(t, "latchd/front/availability", "online") // the library is not blocked

		for n := 0; ; n++ {
			release <- struct{}{}
			if cmd := next[lock.Command](t, taken); cmd.Action == lock.Lock {
				return
			}
			if n > 2*commandBurst {
				t.Fatalf("no LOCK among the first %d of a flood", n)
			}
		}
	})
}

func TestTheLastOfManyCommandsIsTheLastToReachTheDoor(t *testing.T) {
	in := newIntake()
	for range 10 * commandBurst {
		in.take(lock.Command{Action: lock.Unlock})
		if !in.take(lock.Command{Action: lock.Lock}) {
			t.Fatal("a LOCK is dropped")
		}
	}
	if n := len(in.queue); n > 2*commandBurst+2 || in.queue[0].Action != lock.Unlock || in.queue[n-1].Action != lock.Lock {
		t.Errorf("%d commands wait, the last is %+v", n, in.queue[n-1])
	}
}
