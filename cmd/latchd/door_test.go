package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchd/bench/badnet"
	"latchd/board/sim"
	"latchd/lock"
)

func TestTheDoorFromTheBellToTheStrike(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	r.start()
	r.await("lock/state", "LOCKED")
	r.await("availability", "online")

	r.fingers("bell")
	r.await("bell", `"event_type":"ring"`, `"seq":`)
	first := r.code()
	r.await("event", "code.delivered", `"phone":"…21"`)

	r.types(first, `"event_type":"granted"`, `"method":"code"`)
	r.await("lock/state", "UNLOCKED")
	r.fingers("door", "open")
	r.await("door/state", "ON")
	r.fingers("door", "closed")
	r.await("lock/state", "LOCKED")
	if level := r.fingers("line", "GPIO17"); level != "0\n" {
		t.Errorf("the strike's line is at %q", level)
	}
	r.types(first, `"event_type":"denied"`, `"reason":"used"`)

	r.fingers("exit")
	r.await("event", "lock.locked")

	second := r.ringUntilTexted()
	r.await("access", `"method":"exit"`)
	for range 3 {
		r.types(other(second), "wrong_code")
	}
	r.await("access", `"event_type":"lockout"`)
	r.await("lockout/state", "ON")
	r.types(second, "locked_out")

	if err := r.signal(syscall.SIGTERM); err != nil {
		t.Errorf("ended with %v", err)
	}
	r.await("event", "daemon.stopped")
	r.await("availability", "offline")

	events := r.log()
	for i, e := range events {
		if e.Seq != uint64(i+1) || e.ID == "" || e.Door != "front" {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	if granted := r.log("--type", "access.gr*", "--since", "1h"); len(granted) != 2 || granted[0].Method != lock.ByCode || granted[1].Method != lock.ByExit {
		t.Errorf("granted: %+v", granted)
	}
	r.nothingSecret(first, second, other(second), testToken, ownersPhone, ownersPhone[1:])
}

// ringUntilTexted rings, and again where the last text is too young.
func (r *rig) ringUntilTexted() string {
	for {
		r.fingers("bell")
		r.await("event", "bell.rung")
		m := r.await("event", `"type":"`)
		if strings.Contains(m, "code.sent") {
			return r.code()
		}
	}
}

// other is a wrong code.
func other(code string) string { return fmt.Sprintf("%c%s", '0'+(code[0]-'0'+1)%10, code[1:]) }

// nothingSecret looks for secrets in all that was written.
func (r *rig) nothingSecret(secrets ...string) {
	r.t.Helper()
	written := map[string]string{"the log": r.stderr.String()}
	files, err := filepath.Glob(filepath.Join(r.dir, "journal", "*"))
	if err != nil || len(files) == 0 {
		r.t.Fatalf("no journal: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			r.t.Fatal(err)
		}
		written[f] = string(b)
	}
	for where, text := range written {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				r.t.Errorf("%s holds a secret", where)
			}
		}
	}
}

func TestALockoutOutlivesAKill(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	r.start()
	r.await("availability", "online")
	for range 3 {
		r.types("111111", "no_code")
	}
	r.await("access", "lockout")
	r.await("lockout/state", "ON")
	r.await("event", "lockout.started")
	r.signal(syscall.SIGKILL)
	r.start()
	r.await("event", "daemon.started")
	r.types("111111", "locked_out")
}

func TestCommandsOverMQTT(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	r.publish("latchd/front/lock/set", r.command("UNLOCK", 0), true) // from before the door was there
	r.start()
	r.await("command/result", `"refused"`, `"retained"`)

	set := func(payload string) { r.publish("latchd/front/lock/set", payload, false) }
	set(r.command("UNLOCK", 0))
	r.await("lock/state", "UNLOCKED")
	r.await("command/result", `"UNLOCK"`, `"done"`)
	set(r.command("OPEN", time.Minute))
	r.await("command/result", `"stale"`)
	set(r.command("OPEN", -time.Minute))
	r.await("command/result", `"future"`)
	set("open sesame")
	r.await("command/result", `"not_json"`)
	set(`{"action":"UNLOCK","pad":"` + strings.Repeat("x", 2000) + `"}`)
	r.await("command/result", `"too_large"`)
	set(r.command("EXPLODE", 0))
	r.await("command/result", `"unknown_action"`)
	again := r.command("UNLOCK", 0)
	set(again)
	r.await("command/result", `"done"`)
	set(again)
	r.await("command/result", `"replayed"`)
	set(`{"action":"LOCK"}`)
	r.await("command/result", `"LOCK"`, `"done"`)
}

func TestASecondDaemonOnTheSameJournalIsRefused(t *testing.T) {
	r := newRig(t)
	r.start()
	r.untilLogged("the door is at work")
	second := exec.Command(os.Args[0])
	second.Args = []string{"latchd", "run", "--config", r.config}
	second.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+testToken)
	said, err := second.CombinedOutput()
	if second.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(said), "another latchd is writing it") {
		t.Errorf("%v: %s", err, said)
	}
}

func TestASecretOrACertificateThatCannotBeUsedDoesNotStopTheDoor(t *testing.T) {
	r := newRig(t)
	config, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.write(strings.NewReplacer("[mqtt]\n", "[mqtt]\nca = \"/no/such/ca.pem\"\n", "tcp://", "ssl://").Replace(string(config)))
	r.token = "two words"
	r.start()
	r.untilLogged("part=twilio")
	r.untilLogged("letters and digits only")
	r.untilLogged("/no/such/ca.pem")
	r.fingers("bell")
	r.untilLogged("code.failed")
	r.fingers("exit")
	r.untilLogged("lock.unlocked")
	if strings.Contains(r.stderr.String(), "two words") {
		t.Error("the log holds the secret")
	}
}

func TestTheEndInMidPulseIsSeenOnTheLine(t *testing.T) {
	for range 5 {
		r := newRig(t)
		r.start()
		r.untilLogged("the door is at work")
		var seen syncBuffer
		ended := make(chan error, 1)
		go func() { ended <- sim.Do(t.Context(), filepath.Join(r.dir, "board"), []string{"watch"}, &seen) }()
		for !strings.Contains(seen.String(), `"line":"GPIO17","level":1`) { // the watch may begin after a press
			r.fingers("exit", "50ms")
			for !strings.Contains(seen.String(), `"line":"GPIO17","level":1`) && strings.TrimSpace(r.fingers("line", "GPIO17")) != "0" {
				// another press now would only prolong the pulse, which nobody saw begin
			}
		}
		if err := r.signal(syscall.SIGTERM); err != nil {
			t.Errorf("ended with %v", err)
		}
		<-ended
		said := strings.TrimSpace(seen.String())
		if last := said[strings.LastIndex(said, `"GPIO17"`):]; !strings.HasPrefix(last, `"GPIO17","level":0`) {
			t.Errorf("the last that was seen:\n%s", said)
		}
	}
}

func TestWithoutABrokerTheDoorWorksAndNothingIsLost(t *testing.T) {
	r := newRig(t)
	way, err := badnet.New("127.0.0.1:"+r.port, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(way.Close)
	way.Cut(true) // until the ears listen: the door is quick to tell what it has kept
	config, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.write(strings.Replace(string(config), "127.0.0.1:"+r.port, way.Address(), 1))
	r.start()
	r.untilLogged("the door is at work")
	r.fingers("bell")
	code := r.code()
	for range 10 { // see types
		r.fingers("press", "*"+code+"#")
		if strings.Contains(r.stderr.String(), "access.granted") {
			break
		}
	}
	r.untilLogged("lock.locked")
	r.startBroker()
	way.Cut(false)
	for _, typ := range []lock.Type{lock.DaemonStarted, lock.BellRung, lock.AccessGranted, lock.LockUnlocked, lock.LockLocked} {
		r.await("event", `"type":"`+string(typ)+`"`)
	}
}

// untilLogged waits for words in the door's log.
func (r *rig) untilLogged(words string) {
	r.t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	timeout := time.After(patience)
	for !strings.Contains(r.stderr.String(), words) {
		select {
		case <-look.C:
		case <-timeout:
			r.t.Fatalf("%q was not logged:\n%s", words, r.stderr.String())
		}
	}
}

func TestSIGHUPAppliesWhatCanChange(t *testing.T) {
	r := newRig(t)
	r.startBroker()
	r.start()
	r.await("availability", "online")
	good, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.write(strings.Replace(string(good), `pulse = "0.5s"`, `pulse = "an hour"`, 1))
	r.signal(syscall.SIGHUP)
	r.untilLogged("the old one stays in force")
	r.untilLogged("strike.pulse")

	r.write(strings.NewReplacer(`name = "Ada"`, `name = "Grace"`, `line = "GPIO22"`, `line = "GPIO25"`).Replace(string(good)))
	r.signal(syscall.SIGHUP)
	r.untilLogged("exit.line")
	r.untilLogged("read again")
	r.fingers("bell")
	r.await("event", "code.sent", `"owner":"Grace"`)
	r.types(r.code(), "granted")
}

func TestWrongCredentialsAreSaidAndDoNotStopTheDoor(t *testing.T) {
	r := newRig(t)
	config, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.write(strings.Replace(string(config), testSID, "AC"+strings.Repeat("9", 32), 1))
	r.startBroker()
	r.start()
	r.await("event", "fault.raised", `"part":"twilio"`)
	r.await("problem/state", "ON")
	r.fingers("bell")
	r.await("event", "code.failed")
	r.fingers("exit")
	r.await("lock/state", "UNLOCKED")
}
