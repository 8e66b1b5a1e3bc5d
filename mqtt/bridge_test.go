package mqtt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	debian "latchd/bench/mosquitto"
	"latchd/lock"
)

// centreUsers are those whom docs/fleet.md gives the centre: the region's broker, and the ledger.
const centreUsers = `user north
topic write latchd/+/+/event
topic write latchd/+/+/event/replayed
topic write latchd/+/+/event/replay/result
topic read latchd/+/+/event/replay

user ledger
topic read latchd/#
topic write latchd/+/+/event/replay
`

// tree starts a centre that wants certificates, and a region's broker with the lines of docs/fleet.md.
func tree(t *testing.T, a *authority) (centre, region *debian.Broker) {
	t.Helper()
	page, err := os.ReadFile("../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	bridge := regexp.MustCompile("(?m)^```\n((?:[^`].*\n|\n)*connection (?:.*\n)*?)```\n").FindSubmatch(page)
	if bridge == nil {
		t.Fatal("the page has no bridge")
	}
	acl := filepath.Join(t.TempDir(), "acl")
	if err := os.WriteFile(acl, []byte(centreUsers), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(lines string) *debian.Broker {
		b, err := debian.Start(t.TempDir(), lines)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("without mosquitto there is nothing to try: ", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Kill() })
		return b
	}
	cert, key := files(t, a.issue(t, "", -1, 1))
	centre = start("listener 8883\ncafile " + a.file + "\ncertfile " + cert + "\nkeyfile " + key +
		"\nrequire_certificate true\nuse_identity_as_username true\nallow_anonymous false\nacl_file " + acl + "\n")
	cert, key = files(t, a.issue(t, "north", -1, 1))
	return centre, start(debian.Open + strings.NewReplacer("centre.example.org:8883", centre.Address, "/etc/mosquitto/certs/ca.crt", a.file,
		"/etc/mosquitto/certs/north.crt", cert, "/etc/mosquitto/certs/north.key", key).Replace(string(bridge[1])))
}

// What a region's broker had acknowledged, and took with it when it died, the ledger at the centre finds missing, and has by its asking.
func TestTheLedgerBehindABridgeFillsAGapAsThePageSays(t *testing.T) {
	a := newAuthority(t)
	centre, region := tree(t, a)
	ledger := func() *ear {
		return listen(t, "ssl://"+centre.Address, "#", func(o *paho.ClientOptions) { o.SetTLSConfig(a.with(t, a.issue(t, "ledger", -1, 1))) })
	}
	const base = "latchd/elm-5/front/event"
	hears := func(l *ear, seq string) {
		t.Helper()
		if heard := l.until(t, base, ""); !strings.Contains(heard[len(heard)-1].payload, `"seq":`+seq+",") {
			t.Fatalf("not event %s, but %v", seq, heard)
		}
	}
	o := options("tcp://" + region.Address)
	o.Door, o.Site = "elm-5/front", "Elm Street 5"
	b := newBox()
	c := client(t, o, b, func(lock.Input) {})
	c.Show(locked)
	tell := func(events ...lock.Event) {
		t.Helper()
		c.Tell(b.store(events...))
		for limit := time.After(safety); b.left() > 0; {
			select {
			case <-b.noted:
			case <-limit:
				t.Fatalf("%d events are undelivered", b.left())
			}
		}
	}
	run(t, c)

	first := ledger()
	tell(lock.Event{Type: lock.DaemonStarted})
	hears(first, "1")
	centre.Kill()
	tell(lock.Event{Type: lock.BellRung}, lock.Event{Type: lock.AccessGranted})
	region.Kill()
	for _, b := range []*debian.Broker{centre, region} {
		if err := b.Again(); err != nil {
			t.Fatal(err)
		}
	}
	second := ledger()
	tell(lock.Event{Type: lock.DoorOpened})
	hears(second, "4")
	second.say(t, base+"/replay", `{"from":2,"to":3}`, false)
	replayed := 0
	for _, m := range second.until(t, base+"/replay/result", "") {
		if m.topic == base+"/replayed" {
			replayed++
		}
	}
	if replayed != 2 {
		t.Errorf("%d events are told again, of two", replayed)
	}
}
