package badnet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// safety is how long a test waits for what must come.
const safety = 30 * time.Second

// scene is a server behind a proxy that meets out these fates, one after the other, and then lets all pass.
type scene struct {
	*Proxy
	t        *testing.T
	accepted chan net.Conn
}

func start(t *testing.T, fates ...Fate) *scene {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, accepted: make(chan net.Conn, 100)}
	s.Proxy, err = New(l.Addr().String(), func() Fate {
		if len(fates) == 0 {
			return Fate{}
		}
		f := fates[0]
		fates = fates[1:]
		return f
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.accepted <- c
		}
	}()
	t.Cleanup(func() { s.Close(); l.Close(); <-ended })
	return s
}

// turnedAway returns whether a new connection is reset as it comes. The server sees it in any case.
func (s *scene) turnedAway() bool {
	s.t.Helper()
	if c, err := net.Dial("tcp", s.Address()); err == nil {
		defer c.Close()
		c.Write(word)
	}
	server := s.accept()
	_, err := io.ReadFull(server, make([]byte, len(word)))
	return err != nil
}

func (s *scene) accept() net.Conn {
	s.t.Helper()
	select {
	case c := <-s.accepted:
		s.t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(safety))
		return c
	case <-time.After(safety):
		s.t.Fatal("no connection came through")
		return nil
	}
}

// pair returns both ends of one connection.
func (s *scene) pair() (client, server net.Conn) {
	s.t.Helper()
	client, err := net.Dial("tcp", s.Address())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { client.Close() })
	client.SetDeadline(time.Now().Add(safety))
	return client, s.accept()
}

func (s *scene) write(c net.Conn, b []byte) {
	s.t.Helper()
	if _, err := c.Write(b); err != nil {
		s.t.Fatal(err)
	}
}

// read wants exactly that.
func (s *scene) read(c net.Conn, want []byte) {
	s.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		s.t.Fatalf("%d of %d bytes came, %v", n, len(want), err)
	}
}

// ends wants no more than an end.
func (s *scene) ends(c net.Conn, want error) {
	s.t.Helper()
	if n, err := c.Read(make([]byte, 1)); n > 0 || !errors.Is(err, want) {
		s.t.Errorf("%d bytes and error %v, want %v", n, err, want)
	}
}

func (s *scene) happened(k Kind, n int) {
	s.t.Helper()
	if c := s.Counts(); c.Fates[k] != n {
		s.t.Errorf("%v counted %d times of %v", k, c.Fates[k], c.Fates)
	}
}

var word = bytes.Repeat([]byte("latchd "), 20)

func TestWhatPassesIsUnchanged(t *testing.T) {
	s := start(t)
	client, server := s.pair()
	long := bytes.Repeat(word, 5000)
	go client.Write(long)
	go server.Write(long)
	s.read(server, long)
	s.read(client, long)
	if c := s.Counts(); c.Connections != 1 || c.Refused+c.Delayed+len(c.Fates) != 0 {
		t.Errorf("%+v", c)
	}
	client.Close()
	s.ends(server, io.EOF)
}

func TestADropResetsBothEnds(t *testing.T) {
	s := start(t, Fate{Kind: Drop, Bytes: 2 * len(word)})
	client, server := s.pair()
	s.write(client, word)
	s.read(server, word)
	s.write(server, word)
	for _, c := range []net.Conn{client, server} {
		if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("error %v", err)
		}
	}
	s.happened(Drop, 1)
	client, server = s.pair()
	s.write(client, word)
	s.read(server, word)
}

func TestATruncatedConnectionEndsWithinAPiece(t *testing.T) {
	s := start(t, Fate{Kind: Truncate, Bytes: 2*len(word) + 3})
	client, server := s.pair()
	s.write(client, word)
	s.read(server, word)
	s.write(server, word)
	s.read(client, word)
	s.write(client, word)
	s.read(server, word[:3])
	s.ends(server, io.EOF)
	s.ends(client, io.EOF)
	s.happened(Truncate, 1)
}

func TestOneWayIsClosedOrSilencedAndTheOtherGoesOn(t *testing.T) {
	for _, kind := range []Kind{HalfClose, Silence} {
		for _, back := range []bool{false, true} {
			s := start(t, Fate{Kind: kind, Bytes: 1, Back: back})
			from, to := s.pair()
			if back {
				from, to = to, from
			}
			s.write(to, word) // on the other way, and it happens
			s.read(from, word)
			s.write(from, word)
			s.write(to, word)
			s.read(from, word)
			if kind == HalfClose {
				s.ends(to, io.EOF)
			} else {
				to.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				s.ends(to, os.ErrDeadlineExceeded)
			}
			s.happened(kind, 1)
		}
	}
}

func TestAStallHoldsBothWaysAndTheNextFateFollows(t *testing.T) {
	const stall = 100 * time.Millisecond
	s := start(t, Fate{Kind: Stall, Bytes: 1, For: stall}, Fate{Kind: Truncate, Bytes: 1})
	client, server := s.pair()
	began := time.Now()
	s.write(client, word)
	s.read(server, word)
	if took := time.Since(began); took < stall {
		t.Errorf("it took %v", took)
	}
	s.happened(Stall, 1)
	s.happened(Truncate, 0)
	s.write(server, word)
	s.read(client, word[:1])
	s.ends(client, io.EOF)
	s.happened(Truncate, 1)
}

func TestNewConnectionsAreTurnedAwayForAWhile(t *testing.T) {
	const refuse = 500 * time.Millisecond
	s := start(t, Fate{Kind: Refuse, Bytes: 1, For: refuse})
	client, _ := s.pair()
	began := time.Now()
	s.write(client, word)
	s.ends(client, syscall.ECONNRESET)
	for s.turnedAway() {
	}
	if took := time.Since(began); took < refuse {
		t.Errorf("passed after %v", took)
	}
	s.happened(Refuse, 1)
	if c := s.Counts(); c.Refused == 0 || c.Connections != 2 {
		t.Errorf("%+v", c)
	}
}

func TestEachPieceIsDelayed(t *testing.T) {
	const delay = 30 * time.Millisecond
	s := start(t, Fate{Kind: Drop, Bytes: 1 << 30, Delay: delay})
	client, server := s.pair()
	began := time.Now()
	s.write(client, word)
	s.read(server, word)
	s.write(server, word)
	s.read(client, word)
	if took := time.Since(began); took < 2*delay {
		t.Errorf("it took %v", took)
	}
	if c := s.Counts(); c.Delayed < 2 {
		t.Errorf("%+v", c)
	}
}

func TestACutClosesAllAndShutsOutUntilTheNext(t *testing.T) {
	s := start(t)
	var clients []net.Conn
	for range 2 {
		client, server := s.pair()
		s.write(client, word)
		s.read(server, word) // the server may have a connection that the proxy still has to let in
		clients = append(clients, client)
	}
	s.Cut(true)
	for _, c := range clients {
		s.ends(c, io.EOF)
	}
	if !s.turnedAway() {
		t.Error("a connection came through")
	}
	s.Cut(false)
	if s.turnedAway() {
		t.Error("no connection comes through any more")
	}
}

func TestASeedGivesTheSameFatesOfEveryKindWithinTheirBounds(t *testing.T) {
	mix := Mix{Odds: map[Kind]int{Stall: 1, Drop: 1, Truncate: 1, HalfClose: 1, Silence: 1, Refuse: 1}, Bytes: 1000,
		Delay: time.Millisecond, Stall: time.Second, Refuse: time.Minute}
	a, b, c := mix.Plan(1), mix.Plan(1), mix.Plan(2)
	seen, other := map[Kind]int{}, false
	for range 1000 {
		f := a()
		if f != b() {
			t.Fatal("the same seed gives other fates")
		}
		other = other || f != c()
		seen[f.Kind]++
		most := map[Kind]time.Duration{Stall: 2 * time.Second, Refuse: 2 * time.Minute}[f.Kind]
		if f.Bytes < 1 || f.Bytes > 2000 || f.Delay < 0 || f.Delay > 2*time.Millisecond || f.For < 0 || f.For > most {
			t.Fatalf("%+v", f)
		}
	}
	if len(seen) != len(mix.Odds) || seen[Pass] > 0 || !other {
		t.Errorf("%v", seen)
	}
}
