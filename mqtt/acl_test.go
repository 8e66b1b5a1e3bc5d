package mqtt

import (
	"crypto/tls"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/google/go-cmp/cmp"

	"latchd/lock"
)

// accessList is configs/mosquitto.acl as an installer puts it to work: what its comment says to run and to configure is
// taken from there.
type accessList struct {
	rules    string
	folder   string   // in the place of /etc/mosquitto
	commands []string // that make the users
	ofSite   string   // the command that prints the block of elm-5/front
	ofHouse  string   // the command that gives the doors of elm-5 a discovery prefix of their own
	house    string   // the block of that house's home automation
	configs  []string // lines of mosquitto.conf: with passwords, with client certificates
}

func readAccessList(t *testing.T) *accessList {
	t.Helper()
	b, err := os.ReadFile("../configs/mosquitto.acl")
	if err != nil {
		t.Fatal(err)
	}
	l := &accessList{folder: t.TempDir()}
	comment, rules, _ := strings.Cut(string(b), "\n\n")
	l.rules = rules
	l.put(t, "latchd.acl", []byte(rules))
	comment = strings.ReplaceAll(comment, "/etc/mosquitto", l.folder)
	for _, block := range regexp.MustCompile(`(?m)(^# {8}.*\n)+`).FindAllString(comment+"\n", -1) {
		block = strings.ReplaceAll(block, "#        ", "")
		switch {
		case strings.HasPrefix(block, "mosquitto_passwd"):
			l.commands = strings.Split(strings.TrimSpace(block), "\n")
		case strings.HasPrefix(block, "sed -i "):
			l.ofHouse = block
		case strings.HasPrefix(block, "sed "):
			l.ofSite = block
		case strings.HasPrefix(block, "user "):
			l.house = block
		default:
			l.configs = append(l.configs, block)
		}
	}
	if len(l.commands) == 0 || len(l.configs) != 2 || l.ofSite == "" || l.ofHouse == "" || l.house == "" {
		t.Fatalf("the comment has commands %q and configurations %q", l.commands, l.configs)
	}
	return l
}

// put writes a file in the place of one under /etc/mosquitto.
func (l *accessList) put(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(l.folder, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// addDoor copies the door's block for another one.
func (l *accessList) addDoor(t *testing.T, id string) {
	t.Helper()
	block, _, _ := strings.Cut(l.rules, "\n\n")
	l.put(t, "latchd.acl", []byte(l.rules+"\n"+strings.ReplaceAll(block, "front", id)+"\n"))
}

// run starts mosquitto with passwords for the users, which are their names, and returns its address.
func (l *accessList) run(t *testing.T, more ...string) string {
	t.Helper()
	program, err := exec.LookPath("mosquitto_passwd")
	if err != nil {
		t.Skip("no mosquitto_passwd here: apt install mosquitto")
	}
	commands := l.commands
	for _, user := range more {
		commands = append(commands, "mosquitto_passwd "+l.folder+"/latchd.passwd "+user)
	}
	for _, command := range commands {
		word := strings.Fields(command)
		if word[0] != "mosquitto_passwd" {
			continue // who may read the file is the system's to say; here all is root's, or the user's that tests
		}
		user := word[len(word)-1]
		cmd := exec.CommandContext(t.Context(), program, word[1:]...)
		cmd.Stdin = strings.NewReader(user + "\n" + user + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	return "tcp://" + mosquittoWith(t, l.configs[0])
}

// runTLS starts mosquitto with that certificate, for clients that a trusts, and returns its address.
func (l *accessList) runTLS(t *testing.T, a *authority, broker tls.Certificate) string {
	t.Helper()
	cert, key := files(t, broker)
	for name, file := range map[string]string{"ca.crt": a.file, "broker.crt": cert, "broker.key": key} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		l.put(t, "certs/"+name, b)
	}
	return "ssl://" + mosquittoWith(t, l.configs[1])
}

// as signs in as that user.
func as(user string) func(*paho.ClientOptions) {
	return func(o *paho.ClientOptions) { o.SetUsername(user).SetPassword(user) }
}

// The topics of the door "front" under latchd/front/. Those that it writes are spelled out once more, for the list and
// the code could be wrong together.
var (
	doorWrites = words("availability lock/state door/state tamper/state lockout/state lockout/attributes problem/state " +
		"problem/attributes texts/state bell access event event/replayed event/replay/result command/result")
	doorReads = words("lock/set event/replay availability lock/state door/state tamper/state lockout/state lockout/attributes " +
		"problem/state problem/attributes texts/state")
	// Under homeassistant/.
	announces = words("device/latchd-front/config lock/latchd-front/lock/config event/latchd-front/doorbell/config " +
		"event/latchd-front/access/config binary_sensor/latchd-front/door/config binary_sensor/latchd-front/tamper/config " +
		"binary_sensor/latchd-front/lockout/config binary_sensor/latchd-front/problem/config " +
		"sensor/latchd-front/texts_left/config")
)

// play lets the door "front", or the one that change makes of it, tell all that it can, take a command by home automation, which signs in with how, and repeat
// its events for it. It returns the topics that home automation has heard.
func play(t *testing.T, address string, change func(*Options), how func(*paho.ClientOptions)) []string {
	t.Helper()
	home := listen(t, address, "#", how)
	o := options(address)
	change(&o)
	b, in := newBox(), make(inputs, 100)
	c := client(t, o, b, in.take)
	c.Show(locked)
	c.Tell(b.store(lock.Event{Type: lock.DaemonStarted}, lock.Event{Type: lock.BellRung},
		lock.Event{Type: lock.AccessGranted}, lock.Event{Type: lock.CommandDone}))
	stop := run(t, c)
	base := o.Prefix + "/" + o.Door
	all := home.until(t, base+"/availability", "online")
	home.say(t, base+"/lock/set", `{"action":"LOCK"}`, false)
	if cmd := next[lock.Command](t, in); cmd.Action != lock.Lock || cmd.Refused != "" {
		t.Errorf("the command arrives as %+v", cmd)
	}
	for b.left() > 0 {
		select {
		case <-b.noted:
		case <-time.After(safety):
			t.Fatalf("%d events are undelivered", b.left())
		}
	}
	home.say(t, base+"/event/replay", `{"from":1,"to":4}`, false)
	all = append(all, home.until(t, base+"/event/replay/result", "")...)
	stop()
	heard := map[string]bool{}
	for _, m := range append(all, home.until(t, base+"/availability", "offline")...) {
		heard[m.topic] = true
	}
	delete(heard, base+"/lock/set") // home automation's own
	delete(heard, base+"/event/replay")
	select {
	case f := <-in:
		t.Errorf("%+v", f)
	default:
	}
	return slices.Sorted(maps.Keys(heard))
}

func TestTheAccessListLetsTheDoorAndHomeAutomationWork(t *testing.T) {
	for _, style := range []string{styleDevice, styleEntity} {
		t.Run(style, func(t *testing.T) {
			address := readAccessList(t).run(t)
			change := func(o *Options) { o.Style, o.Username, o.Password = style, "latchd-front", "latchd-front" }
			got := play(t, address, change, as("homeassistant"))
			want := play(t, broker(t), change, as("homeassistant")) // where nothing is forbidden
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			for _, name := range words("lock/state bell access event event/replayed command/result") {
				if !slices.Contains(got, "latchd/front/"+name) {
					t.Errorf("%s is not heard", name)
				}
			}
		})
	}
}

// under puts the names below a topic.
func under(topic string, names ...string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = topic + name
	}
	return out
}

// forDoor returns the topics of another door.
func forDoor(id string, topics []string) []string {
	return strings.Split(strings.ReplaceAll(strings.Join(topics, " "), "front", id), " ")
}

func TestTheAccessListLetsEachUserOnlyDoWhatIsItsOwn(t *testing.T) {
	l := readAccessList(t)
	l.addDoor(t, "back")
	address := l.run(t, "latchd-back", "somebody")

	front := slices.Concat(under("latchd/front/", doorWrites...), under("homeassistant/", announces...))
	commands := slices.Concat(under("latchd/front/", doorReads...), under("latchd/back/", doorReads...))
	odd := words("latchd/front latchd/front/other latchd/front/lock latchd/front/lock/set/now latchd/other/event " +
		"latchd/other/lock/set latchd other")
	announced := words("homeassistant/status homeassistant/device/other/config homeassistant/lock/other/lock/config")
	topics := slices.Concat(front, forDoor("back", front), commands, odd, announced)
	users := words("latchd-front latchd-back homeassistant somebody")
	mayWrite := func(user, topic string) bool {
		switch user {
		case "latchd-front":
			return slices.Contains(front, topic)
		case "latchd-back":
			return slices.Contains(forDoor("back", front), topic)
		case "homeassistant":
			return strings.HasSuffix(topic, "/lock/set") || strings.HasSuffix(topic, "/event/replay") ||
				strings.HasPrefix(topic, "homeassistant/")
		}
		return false
	}
	mayRead := func(user, topic string) bool {
		switch user {
		case "latchd-front", "latchd-back":
			id := strings.TrimPrefix(user, "latchd-")
			return slices.Contains(under("latchd/"+id+"/", doorReads...), topic) || topic == "homeassistant/status"
		case "homeassistant":
			return topic != "other"
		}
		return false
	}

	ears := map[string]*ear{}
	for _, user := range users {
		ears[user] = listen(t, address, "#", as(user))
	}
	for _, writer := range users {
		for _, topic := range topics {
			// The broker acknowledges what it does not pass on (MQTT 3.1.1, 3.3.5).
			ears[writer].say(t, topic, writer, false)
		}
	}
	ears["homeassistant"].say(t, "homeassistant/status", "end", false)
	for _, reader := range users {
		var want []message
		for _, writer := range users {
			for _, topic := range topics {
				if mayWrite(writer, topic) && mayRead(reader, topic) {
					want = append(want, message{topic, writer, false})
				}
			}
		}
		var got []message
		if mayRead(reader, "homeassistant/status") {
			got = ears[reader].until(t, "homeassistant/status", "end")
			got = got[:len(got)-1]
		} else {
			must(t, ears[reader].Unsubscribe("#")) // its answer comes after all that was passed on before
			for len(ears[reader].heard) > 0 {
				got = append(got, <-ears[reader].heard)
			}
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(message{})); d != "" {
			t.Errorf("%s: %s", reader, d)
		}
	}
}

func TestARenamedDoorMayTakeBackItsOldNameAsTheAccessListSays(t *testing.T) {
	l := readAccessList(t)
	block, _, _ := strings.Cut(l.rules, "\n\n")
	_, old, _ := strings.Cut(block, "\n") // without its user
	l.put(t, "latchd.acl", []byte(strings.ReplaceAll(block, "front", "back")+"\n"+old+"\n\nuser homeassistant\ntopic read #\n"))
	address := l.run(t, "latchd-back")
	n := &notebook{brokers: map[string][]string{}}
	play := func(id string) {
		o := options(address)
		o.Door, o.Username, o.Password, o.Memory = id, "latchd-back", "latchd-back", n
		b := newBox()
		c := client(t, o, b, func(lock.Input) {})
		c.Show(locked)
		c.Tell(b.store(lock.Event{Type: lock.DaemonStarted}))
		stop := run(t, c)
		<-b.noted // and with it all that was published before
		stop()
	}
	play("front")
	play("back")
	home := listen(t, address, "#", as("homeassistant"))
	for _, m := range home.until(t, "latchd/back/texts/state", "") {
		if strings.Contains(m.topic, "front") {
			t.Errorf("%s is still there", m.topic)
		}
	}
	for _, topics := range n.brokers {
		if len(topics) != len(statesOf(""))+2 { // the announcement, and the old availability, taken back once more later
			t.Errorf("remembered are %v", topics)
		}
	}
}

// A door of a site has the block that the list's own command makes, and nothing of another's.
func TestTheAccessListLetsADoorOfASiteWork(t *testing.T) {
	for _, style := range []string{styleDevice, styleEntity} {
		t.Run(style, func(t *testing.T) {
			l := readAccessList(t)
			block, err := exec.CommandContext(t.Context(), "sh", "-c", l.ofSite).Output()
			if err != nil {
				t.Fatalf("%s: %v", l.ofSite, err)
			}
			l.put(t, "latchd.acl", []byte(l.rules+"\n"+string(block)))
			const user = "latchd-elm-5_front"
			address := l.run(t, user)
			change := func(o *Options) {
				o.Door, o.Site, o.Style, o.Username, o.Password = "elm-5/front", "Elm Street 5", style, user, user
			}
			if d := cmp.Diff(play(t, broker(t), change, as("homeassistant")), play(t, address, change, as("homeassistant"))); d != "" {
				t.Error(d)
			}
			home := listen(t, address, "#", as("homeassistant"))
			home.say(t, "homeassistant/status", "begin", false)
			home.until(t, "homeassistant/status", "begin") // what was retained is heard
			for user, topic := range map[string]string{user: "latchd/front/event", "latchd-front": "latchd/elm-5/front/event"} {
				listen(t, address, "#", as(user)).say(t, topic, "{}", false)
			}
			home.say(t, "homeassistant/status", "end", false)
			if heard := home.until(t, "homeassistant/status", "end"); len(heard) > 1 {
				t.Errorf("one door says for another %v", heard)
			}
		})
	}
}

func TestWhatADoorLeavesAtAnOldBrokerIsClearedAsThePageSays(t *testing.T) {
	if _, err := exec.LookPath("mosquitto_sub"); err != nil {
		t.Skip("no mosquitto_sub here: apt install mosquitto-clients")
	}
	page, err := os.ReadFile("../docs/fleet-settings.md")
	if err != nil {
		t.Fatal(err)
	}
	l := readAccessList(t)
	block, err := exec.CommandContext(t.Context(), "sh", "-c", l.ofSite).Output()
	if err != nil {
		t.Fatalf("%s: %v", l.ofSite, err)
	}
	l.put(t, "latchd.acl", []byte(l.rules+"\n"+string(block)))
	const user = "latchd-elm-5_front"
	address := l.run(t, user)
	play(t, address, func(o *Options) { o.Door, o.Site, o.Username, o.Password = "elm-5/front", "Elm Street 5", user, user }, as("homeassistant"))
	retained := func() (all []string) {
		home := listen(t, address, "#", as("homeassistant"))
		home.say(t, "homeassistant/status", "end", false)
		for _, m := range home.until(t, "homeassistant/status", "end") {
			if m.retained {
				all = append(all, m.topic)
			}
		}
		return all
	}
	if before := retained(); len(before) != len(statesOf(""))+1 {
		t.Fatalf("there are %v", before)
	}
	host, port, _ := strings.Cut(strings.TrimPrefix(address, "tcp://"), ":")
	for _, begin := range []string{"mosquitto_sub -h old.example.org", "mosquitto_pub -h old.example.org"} {
		command := regexp.MustCompile("(?m)^" + begin + ".*").FindString(string(page))
		command = strings.NewReplacer("old.example.org", host+" -p "+port, "PASSWORD", user).Replace(command)
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil && !strings.Contains(string(out), "Timed out") {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	if after := retained(); len(after) > 0 {
		t.Errorf("there are still %v", after)
	}
}

// Two houses at one broker: each home automation finds its own house's doors, and neither hears nor opens another's.
func TestTheAccessListKeepsHousesApart(t *testing.T) {
	l := readAccessList(t)
	block, err := exec.CommandContext(t.Context(), "sh", "-c", l.ofSite).Output()
	if err != nil {
		t.Fatalf("%s: %v", l.ofSite, err)
	}
	l.put(t, "latchd.acl", block)
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", l.ofHouse).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", l.ofHouse, err, out)
	}
	elm, err := os.ReadFile(filepath.Join(l.folder, "latchd.acl"))
	if err != nil {
		t.Fatal(err)
	}
	elm = append(elm, "\n"+l.house+"\n"...)
	l.put(t, "latchd.acl", append(elm, strings.ReplaceAll(string(elm), "elm-5", "oak-1")...))
	address := l.run(t, "latchd-elm-5_front", "homeassistant-elm-5", "latchd-oak-1_front", "homeassistant-oak-1")
	for _, house := range words("elm-5 oak-1") {
		user := "latchd-" + house + "_front"
		change := func(o *Options) {
			o.Door, o.Site, o.Discovery, o.Username, o.Password = house+"/front", "A house", "homeassistant/"+house, user, user
		}
		home := as("homeassistant-" + house)
		if d := cmp.Diff(play(t, broker(t), change, home), play(t, address, change, home)); d != "" {
			t.Errorf("%s: %s", house, d)
		}
	}
	elmHears, oak := listen(t, address, "#", as("homeassistant-elm-5")), listen(t, address, "#", as("homeassistant-oak-1"))
	said := elmHears.until(t, "latchd/elm-5/front/texts/state", "")
	for _, topic := range words("latchd/elm-5/front/lock/set latchd/elm-5/front/event/replay homeassistant/elm-5/status homeassistant/status") {
		oak.say(t, topic, "{}", false)
	}
	elmHears.say(t, "homeassistant/elm-5/status", "end", false)
	for _, m := range append(said, elmHears.until(t, "homeassistant/elm-5/status", "end")...) {
		if strings.Contains(m.topic, "oak-1") || m.payload == "{}" {
			t.Errorf("the other house hears %s %s", m.topic, m.payload)
		}
	}
}

func TestTheAccessListKeepsStrangersOut(t *testing.T) {
	address := readAccessList(t).run(t)
	for name, user := range map[string]func(*paho.ClientOptions){
		"without a name":       func(*paho.ClientOptions) {},
		"unknown":              as("somebody"),
		"with another's":       func(o *paho.ClientOptions) { o.SetUsername("homeassistant").SetPassword("latchd-front") },
		"without the password": func(o *paho.ClientOptions) { o.SetUsername("latchd-front") },
	} {
		o := paho.NewClientOptions().AddBroker(address).SetAutoReconnect(false).SetProtocolVersion(4)
		user(o)
		token := paho.NewClient(o).Connect()
		if !token.WaitTimeout(safety) || !errors.Is(token.Error(), packets.ErrorRefusedNotAuthorised) {
			t.Errorf("%s: %v", name, token.Error())
		}
	}
}

// with returns the TLS configuration of a client of that certificate, as the door reads it from its files.
func (a *authority) with(t *testing.T, c tls.Certificate) *tls.Config {
	t.Helper()
	cert, key := files(t, c)
	config, err := TLSConfig(a.file, cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestAClientCertificateIsTheUserOfTheAccessList(t *testing.T) {
	a := newAuthority(t)
	address := readAccessList(t).runTLS(t, a, a.issue(t, "", -1, 1))
	door := func(o *Options) {
		config := a.with(t, a.issue(t, "latchd-front", -1, 1))
		o.TLS = func() (*tls.Config, error) { return config, nil }
	}
	home := func(o *paho.ClientOptions) { o.SetTLSConfig(a.with(t, a.issue(t, "homeassistant", -1, 1))) }
	if d := cmp.Diff(play(t, broker(t), door, home), play(t, address, door, home)); d != "" {
		t.Error(d)
	}

	ear := listen(t, address, "#", home)
	back := listen(t, address, "#", as("latchd-front"), func(o *paho.ClientOptions) {
		o.SetTLSConfig(a.with(t, a.issue(t, "latchd-back", -1, 1)))
	})
	ear.say(t, "homeassistant/status", "begin", false)
	ear.until(t, "homeassistant/status", "begin") // what was retained is heard
	back.say(t, "latchd/front/event", "{}", false)
	ear.say(t, "homeassistant/status", "end", false)
	if heard := ear.until(t, "homeassistant/status", "end"); len(heard) > 1 {
		t.Errorf("another door's certificate, with this one's name and password, says %v", heard)
	}
}

func TestTheDocumentationNamesTheCommandsOfTheAccessList(t *testing.T) {
	page, err := os.ReadFile("../docs/home-assistant.md")
	if err != nil {
		t.Fatal(err)
	}
	l := readAccessList(t)
	for _, command := range l.commands {
		if command = strings.ReplaceAll(command, l.folder, "/etc/mosquitto"); !strings.Contains(string(page), "sudo "+command) {
			t.Errorf("not there: %s", command)
		}
	}
}
