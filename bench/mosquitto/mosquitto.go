// Package mosquitto starts Debian's MQTT broker on a loopback port, for tests and measurements, and listens to brokers.
package mosquitto

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Open is the configuration of a broker that lets everybody in and keeps every message for those who are slow.
const Open = "listener 1883\nallow_anonymous true\nmax_queued_messages 0\n"

// patience is how long a broker may take to start, or to answer.
const patience = 30 * time.Second

// Broker is a running mosquitto.
type Broker struct {
	Address string    // HOST:PORT
	Running time.Time // when it last said that it runs

	path, config string
	cmd          *exec.Cmd
	read         chan struct{} // closed when its log has ended
}

var listener = regexp.MustCompile(`(?m)^listener .*$`)

// Start starts mosquitto with that configuration, but its first listener on a free port of 127.0.0.1, and returns when it runs.
// Its files go into dir. The error wraps fs.ErrNotExist where none is installed.
func Start(dir, config string) (*Broker, error) {
	path, err := exec.LookPath("/usr/sbin/mosquitto")
	if err != nil {
		return nil, fmt.Errorf("start mosquitto (apt install mosquitto): %w", err)
	}
	for range 5 { // the port may be taken between its choice and its use
		b := &Broker{path: path, config: filepath.Join(dir, "mosquitto.conf")}
		if b.Address, err = FreePort(); err != nil {
			return nil, err
		}
		_, port, _ := net.SplitHostPort(b.Address)
		text := "user root\npersistence false\nlog_dest stderr\n" + strings.Replace(config, listener.FindString(config), "listener "+port+" 127.0.0.1", 1)
		if err = os.WriteFile(b.config, []byte(text), 0o600); err != nil {
			return nil, err
		}
		if err = b.Again(); err == nil {
			return b, nil
		}
	}
	return nil, err
}

// Again starts it again after Kill or Stop, at the same address, and returns when it runs. Nothing is retained but what its
// configuration has made Stop save.
func (b *Broker) Again() error {
	b.cmd = exec.Command(b.path, "-c", b.config)
	log, err := b.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		return fmt.Errorf("start mosquitto: %w", err)
	}
	running, said := make(chan time.Time, 1), ""
	b.read = make(chan struct{})
	go func() {
		defer close(b.read)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			switch {
			case strings.HasSuffix(lines.Text(), " running"):
				running <- time.Now()
			case len(said) < 1000:
				said += "\n" + lines.Text()
			}
		}
	}()
	select {
	case b.Running = <-running:
		return nil
	case <-b.read:
		b.Kill()
		return fmt.Errorf("start mosquitto: it ended at once:%s", said)
	case <-time.After(patience):
		b.Kill()
		return fmt.Errorf("start mosquitto: not running after %v", patience)
	}
}

// Kill ends it as a crash does, without a farewell to anybody, and waits for its end.
func (b *Broker) Kill() { b.end(syscall.SIGKILL) }

// Stop ends it as a service manager does, so that it saves what its configuration keeps, and waits for its end.
func (b *Broker) Stop() { b.end(syscall.SIGTERM) }

func (b *Broker) end(by syscall.Signal) {
	b.cmd.Process.Signal(by)
	<-b.read
	b.cmd.Wait()
}

// PID is the process id of its present run.
func (b *Broker) PID() int { return b.cmd.Process.Pid }

// FreePort returns an address of loopback, HOST:PORT, that nobody listens on; it may be taken before it is used.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Hear subscribes to filter with QoS 1 at the broker at HOST:PORT. each gets what comes, one message after the other, and
// must not block. A lost connection stays lost. Disconnect the client in the end.
func Hear(address, filter string, each func(topic string, payload []byte)) (paho.Client, error) {
	return HearAll(address, []string{filter}, func(m paho.Message) { each(m.Topic(), m.Payload()) })
}

// HearAll is Hear for several filters; each gets to know of a message whether it was retained.
func HearAll(address string, filters []string, each func(paho.Message)) (paho.Client, error) {
	ear := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + address).SetAutoReconnect(false).SetProtocolVersion(4))
	if err := wait(ear.Connect()); err != nil {
		return nil, fmt.Errorf("connect to the broker at %s: %w", address, err)
	}
	wanted := map[string]byte{}
	for _, f := range filters {
		wanted[f] = 1
	}
	if err := wait(ear.SubscribeMultiple(wanted, func(_ paho.Client, m paho.Message) { each(m) })); err != nil {
		ear.Disconnect(0)
		return nil, fmt.Errorf("subscribe to %s at %s: %w", strings.Join(filters, ", "), address, err)
	}
	return ear, nil
}

func wait(t paho.Token) error {
	if !t.WaitTimeout(patience) {
		return errors.New("no answer")
	}
	return t.Error()
}
