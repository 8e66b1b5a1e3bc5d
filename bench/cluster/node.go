package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// node is one nats-server, a process of its own.
type node struct {
	name, exe, dir            string
	client, route, mqtt, http string // HOST:PORT
	cmd                       *exec.Cmd
}

// The advertised route leads nowhere: else the others would find their way past the proxies.
const nodeConfig = `server_name: %[1]s
listen: "%[2]s"
http: "%[3]s"
jetstream { store_dir: %[4]q, max_memory_store: 1GB, max_file_store: 8GB, limits: { default_max_consumers: -1 } }
cluster { name: doors, listen: "%[5]s", cluster_advertise: "127.0.0.1:1", routes: [ %[6]s ] }
mqtt { listen: "%[7]s", stream_replicas: 3 }
lame_duck_grace_period: "1s"
lame_duck_duration: "30s"
`

func (n *node) configure(routes []string) error {
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return err
	}
	text := fmt.Sprintf(nodeConfig, n.name, n.client, n.http, filepath.Join(n.dir, "store"), n.route, `"`+strings.Join(routes, `", "`)+`"`, n.mqtt)
	return os.WriteFile(filepath.Join(n.dir, "nats.conf"), []byte(text), 0o600)
}

// start starts the process; its log goes on in the node's folder.
func (n *node) start() error {
	said, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer said.Close()
	// It takes what the doors, which have machines of their own elsewhere, leave of the processors. The process is nice's.
	n.cmd = exec.Command("nice", "-n", "10", n.exe, "-c", filepath.Join(n.dir, "nats.conf"))
	n.cmd.Stdout, n.cmd.Stderr = said, said
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing outlives the measuring process
	if err := n.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", n.name, err)
	}
	return nil
}

// kill ends the process as a crash does, and waits for its end.
func (n *node) kill() {
	if n.cmd == nil || n.cmd.ProcessState != nil {
		return
	}
	n.cmd.Process.Kill()
	n.cmd.Wait()
}

// leave ends the process as an operator does: it hands over what it leads, lets its clients go, and ends.
func (n *node) leave() error {
	if err := n.cmd.Process.Signal(syscall.SIGUSR2); err != nil { // lame duck mode
		return err
	}
	gone := make(chan struct{})
	go func() { n.cmd.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-time.After(patience):
		n.cmd.Process.Kill()
		<-gone
		return fmt.Errorf("%s does not leave", n.name)
	}
}

// current waits until the node has caught up with the others and takes MQTT clients.
func (n *node) current() (err error) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(100 * time.Millisecond) {
		if _, err = n.get("/healthz"); err != nil {
			continue
		}
		var conn net.Conn
		if conn, err = net.DialTimeout("tcp", n.mqtt, time.Second); err == nil {
			return conn.Close()
		}
	}
	said, _ := os.ReadFile(filepath.Join(n.dir, "log"))
	return fmt.Errorf("%s is not current after %v: %w\n%s", n.name, patience, err, said[max(0, len(said)-2000):])
}
