package sim

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// The protocol: the client sends one command as a line of JSON; the board answers with lines of JSON, of which the last
// is {"done":true} or {"error":"..."}. A client that hangs up lifts its finger.
type reply struct {
	Out   json.RawMessage `json:"out,omitempty"`
	Done  bool            `json:"done,omitempty"`
	Error string          `json:"error,omitempty"`
	Usage bool            `json:"usage,omitempty"` // the error is an ErrUsage
}

const (
	maxCommand = 6*maxKeys + 1024 // bytes: the longest press, every key escaped
	patience   = 10 * time.Second // for a client's command, and for it to take a line
)

// Listen listens at a unix socket that only its owner may open (mode 0600 from its first moment). A socket that a dead
// board left is replaced; one at which a live board answers, and a file of another kind, are refused. Close removes it.
func Listen(path string) (net.Listener, error) {
	if err := clear(path); err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	// Bound under another name, made private, then renamed: nobody can connect before the mode is right.
	private := path + ".new"
	if err := os.Remove(private); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: private, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false)
	s := &socket{UnixListener: l, path: path}
	if err = os.Chmod(private, 0o600); err == nil {
		if err = os.Rename(private, path); err == nil {
			s.info, err = os.Lstat(path)
		}
	}
	if err != nil {
		_ = os.Remove(private)
		_ = l.Close()
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	return s, nil
}

// clear says whether path may be taken.
func clear(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("a file that is no socket is there: choose another path")
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = conn.Close()
		return errors.New("another board answers there: stop it, or choose another path")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return nil
}

// socket is a listener that removes its file, but not one that has taken the file's place.
type socket struct {
	*net.UnixListener
	path string
	info fs.FileInfo
	once sync.Once
	err  error
}

// Addr returns the address under which clients find the socket.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }

// Close stops listening and removes the file.
func (s *socket) Close() error {
	s.once.Do(func() {
		if info, err := os.Lstat(s.path); err == nil && os.SameFile(info, s.info) {
			_ = os.Remove(s.path)
		}
		s.err = s.UnixListener.Close()
	})
	return s.err
}

// Serve lets clients work the board until ctx ends, then lifts their fingers, hangs up and returns nil. It closes l.
func Serve(ctx context.Context, l net.Listener, b *Board) error {
	var clients sync.WaitGroup
	defer clients.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer l.Close()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("serve the simulated board at %s: %w", l.Addr(), err)
		}
		clients.Go(func() { attend(ctx, conn, b) })
	}
}

// attend serves one client.
func attend(ctx context.Context, conn net.Conn, b *Board) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer conn.Close()
	// The end wakes whoever reads. What is being told is told first.
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })()

	send := func(r reply) error {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_ = conn.SetWriteDeadline(time.Now().Add(patience))
		_, err = conn.Write(append(line, '\n'))
		return err
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	in := bufio.NewReader(io.LimitReader(conn, maxCommand))
	line, err := in.ReadBytes('\n')
	var c command
	if err == nil {
		err = json.Unmarshal(line, &c)
	}
	if err != nil {
		_ = send(reply{Error: "a command is one line of JSON: " + err.Error(), Usage: true})
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	if ctx.Err() != nil {
		return // and the deadline that woke its reader may just have been lifted
	}
	hungUp := make(chan struct{})
	defer func() { _ = conn.Close(); <-hungUp }()
	go func() {
		defer close(hungUp)
		defer cancel()
		_, _ = io.Copy(io.Discard, conn)
	}()
	err = b.obey(ctx, c, func(v any) error {
		out, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return send(reply{Out: out})
	})
	if err != nil {
		_ = send(reply{Error: err.Error(), Usage: errors.Is(err, ErrUsage)})
		return
	}
	_ = send(reply{Done: true})
}
