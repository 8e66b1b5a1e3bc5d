package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchd/bench/badnet"
)

const size = 3

// cluster is three nats-servers whose routes go through proxies, one for each node's way to each other one.
type cluster struct {
	nodes []*node
	ways  map[[2]int]*badnet.Proxy // from, to
}

// patience is how long a cluster may take for what it has to do by itself.
const patience = 90 * time.Second

// newCluster starts a cluster from the program exe, with its files in dir, and returns when every node is current.
func newCluster(exe, dir string) (c *cluster, err error) {
	c = &cluster{ways: map[[2]int]*badnet.Proxy{}}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	ports, err := freePorts(4 * size)
	if err != nil {
		return c, err
	}
	for i := range size {
		n := &node{name: fmt.Sprintf("n%d", i+1), exe: exe, dir: filepath.Join(dir, fmt.Sprintf("n%d", i+1))}
		n.client, n.route, n.mqtt, n.http = ports[4*i], ports[4*i+1], ports[4*i+2], ports[4*i+3]
		c.nodes = append(c.nodes, n)
	}
	for i, n := range c.nodes {
		var routes []string
		for j, other := range c.nodes {
			if i == j {
				continue
			}
			way, err := badnet.New(other.route, nil)
			if err != nil {
				return c, err
			}
			c.ways[[2]int{i, j}] = way
			routes = append(routes, "nats-route://"+way.Address())
		}
		if err := n.configure(routes); err != nil {
			return c, err
		}
		if err := n.start(); err != nil {
			return c, err
		}
	}
	return c, c.whole()
}

// whole waits until every node is current.
func (c *cluster) whole() error {
	for _, n := range c.nodes {
		if err := n.current(); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) close() {
	for _, n := range c.nodes {
		n.kill()
	}
	for _, way := range c.ways {
		way.Close()
	}
}

// part cuts all ways between node i and the others, or heals them.
func (c *cluster) part(i int, cut bool) {
	for ends, way := range c.ways {
		if slices.Contains(ends[:], i) {
			way.Cut(cut)
		}
	}
}

// brokers returns the nodes' MQTT addresses, that of node first at the head.
func (c *cluster) brokers(first int) (addresses []string) {
	for i := range size {
		addresses = append(addresses, c.nodes[(first+i)%size].mqtt)
	}
	return addresses
}

// The streams in which NATS keeps what MQTT needs (server/mqtt.go), and how the meta group is called here.
const (
	meta     = "meta"
	messages = "$MQTT_msgs"
	retained = "$MQTT_rmsgs"
	sessions = "$MQTT_sess"
)

// leader returns which node leads the meta group or a stream, as soon as one does.
func (c *cluster) leader(of string) (int, error) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(200 * time.Millisecond) {
		for _, n := range c.nodes {
			name, err := n.leader(of)
			if err != nil {
				continue
			}
			if i := slices.IndexFunc(c.nodes, func(n *node) bool { return n.name == name }); i >= 0 {
				return i, nil
			}
		}
	}
	return 0, fmt.Errorf("nobody leads %s", of)
}

// leader asks one node who leads.
func (n *node) leader(of string) (string, error) {
	var said struct {
		Meta struct {
			Leader string `json:"leader"`
		} `json:"meta_cluster"`
		Accounts []struct {
			Streams []struct {
				Name    string `json:"name"`
				Cluster struct {
					Leader string `json:"leader"`
				} `json:"cluster"`
			} `json:"stream_detail"`
		} `json:"account_details"`
	}
	body, err := n.get("/jsz?accounts=true&streams=true")
	if err == nil {
		err = json.Unmarshal(body, &said)
	}
	if err != nil || of == meta {
		return said.Meta.Leader, err
	}
	for _, a := range said.Accounts {
		for _, s := range a.Streams {
			if s.Name == of {
				return s.Cluster.Leader, nil
			}
		}
	}
	return "", errors.New("no such stream there")
}

// get asks the node's monitoring.
func (n *node) get(path string) ([]byte, error) {
	answer, err := (&http.Client{Timeout: 2 * time.Second}).Get("http://" + n.http + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", n.name, answer.Status, body)
	}
	return body, err
}

// freePorts returns addresses on loopback that nobody listens on. They are none of those that the kernel gives to connections:
// one of these could have taken a node's while it is away.
func freePorts(n int) (addresses []string, err error) {
	for range 100 * n {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))); err != nil {
			continue
		}
		defer l.Close() // all at the end, so that none comes twice
		if addresses = append(addresses, l.Addr().String()); len(addresses) == n {
			return addresses, nil
		}
	}
	return nil, fmt.Errorf("no free ports: %w", err)
}

// up runs a cluster to try by hand until the program is told to end.
func up(exe, dir string, end <-chan os.Signal) error {
	c, err := newCluster(exe, dir)
	if err != nil {
		return err
	}
	defer c.close()
	for _, n := range c.nodes {
		log.Printf("%s: mqtt tcp://%s, nats nats://%s, monitoring http://%s, process %d, files %s", n.name, n.mqtt, n.client, n.http, n.cmd.Process.Pid, n.dir)
	}
	fmt.Print(byHand(c.brokers(0)))
	log.Print("Ctrl-C ends it")
	<-end
	return nil
}

// byHand is what a door's configuration and a listener need of a cluster with these MQTT addresses.
func byHand(addresses []string) string {
	var quoted []string
	for _, a := range addresses {
		quoted = append(quoted, strconv.Quote("tcp://"+a))
	}
	host, port, _ := net.SplitHostPort(addresses[0])
	return fmt.Sprintf("\n[mqtt]\nbrokers = [%s]\n\nmosquitto_sub -h %s -p %s -v -t 'latchd/#'\n\n", strings.Join(quoted, ", "), host, port)
}
