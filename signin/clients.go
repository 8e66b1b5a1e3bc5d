package signin

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// Client is a program that may ask for tokens: a confidential client (RFC 6749, section 2.1).
type Client struct {
	ID, Name string
	Created  time.Time
}

// clientRecord is a client at rest.
type clientRecord struct {
	Client
	Secret hash
}

type clientsText struct {
	Version int
	Clients []clientRecord
}

// clientList is clients.json as it was last read.
type clientList struct {
	all  []clientRecord
	seen os.FileInfo // nil: there was no file
}

var clientName = regexp.MustCompile(`^[A-Za-z0-9 ._-]{1,64}$`)

func readClients(dir string) ([]clientRecord, error) {
	var t clientsText
	err := readFile(filepath.Join(dir, clientsFile), &t)
	return t.Clients, err
}

// editClients changes clients.json, one process at a time.
func editClients(dir string, edit func([]clientRecord) ([]clientRecord, error)) error {
	free, err := hold(dir, 2*time.Second)
	if err != nil {
		return err
	}
	defer free()
	all, err := readClients(dir)
	if err != nil {
		return err
	}
	if all, err = edit(all); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, clientsFile), encode(clientsText{format, all}))
}

// AddClient makes a client in the folder, beside a running daemon or none. The secret is shown this once: only its hash is kept.
func AddClient(dir, name string) (c Client, secret string, err error) {
	if !clientName.MatchString(name) {
		return c, "", fmt.Errorf("add the client: a name has 1 to 64 letters, digits, spaces, dots, dashes and underscores")
	}
	id := make([]byte, 8)
	rand.Read(id) // never fails (Go 1.24)
	c = Client{ID: "latchd-" + hex.EncodeToString(id), Name: name, Created: time.Now().UTC().Truncate(time.Second)}
	secret = random(32)
	err = editClients(dir, func(all []clientRecord) ([]clientRecord, error) {
		if slices.ContainsFunc(all, func(r clientRecord) bool { return r.Name == name }) {
			return nil, errors.New("there is one of this name already: see latchd client list")
		}
		return append(all, clientRecord{c, hashOf(secret)}), nil
	})
	if err != nil {
		return Client{}, "", fmt.Errorf("add the client %q: %w", name, err)
	}
	return c, secret, nil
}

// ListClients returns the folder's clients, oldest first.
func ListClients(dir string) ([]Client, error) {
	all, err := readClients(dir)
	if err != nil {
		return nil, fmt.Errorf("list the clients: %w", err)
	}
	return clientsOf(all), nil
}

func clientsOf(all []clientRecord) (list []Client) {
	for _, r := range all {
		list = append(list, r.Client)
	}
	return list
}

// RemoveClient takes a client away. A running daemon ends its sessions within ten seconds, and takes none of its tokens from now on.
func RemoveClient(dir, name string) error {
	err := editClients(dir, func(all []clientRecord) ([]clientRecord, error) {
		left := slices.DeleteFunc(slices.Clone(all), func(r clientRecord) bool { return r.Name == name })
		if len(left) == len(all) {
			return nil, errors.New("there is none: see latchd client list")
		}
		return left, nil
	})
	if err != nil {
		return fmt.Errorf("remove the client %q: %w", name, err)
	}
	return nil
}

// Clients returns the clients, oldest first.
func (d *Desk) Clients() []Client {
	d.mu.Lock()
	defer d.unlock()
	d.lookAtClients()
	return clientsOf(d.clients.all)
}

// RevokeClient takes a client away at once with all its sessions, and says whether there was one. ErrNotKept: it is gone for now.
func (d *Desk) RevokeClient(id string) (found bool, err error) {
	d.mu.Lock()
	d.lookAtClients()
	if found = d.client(id) != nil; found {
		d.dropped = append(d.dropped, id)
		d.takeClients(d.clients.all)
	}
	d.unlock()
	if !found {
		return false, nil
	}
	return true, d.keepEnd()
}

// dropClients takes the clients that are gone out of clients.json.
func (d *Desk) dropClients() error {
	d.mu.Lock()
	gone := slices.Clone(d.dropped)
	d.mu.Unlock()
	if len(gone) == 0 {
		return nil
	}
	err := editClients(d.opt.Dir, func(all []clientRecord) ([]clientRecord, error) {
		return slices.DeleteFunc(all, func(r clientRecord) bool { return slices.Contains(gone, r.ID) }), nil
	})
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropped = d.dropped[len(gone):]
	return nil
}

// lookAtClients reads clients.json when it is not the one that was read before.
func (d *Desk) lookAtClients() {
	info, err := os.Stat(d.path(clientsFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if info = nil; d.clients.seen == nil {
			return
		}
	case err != nil:
		d.unread = err
		return
	case d.clients.seen != nil && os.SameFile(info, d.clients.seen) && info.Size() == d.clients.seen.Size() &&
		info.ModTime().Equal(d.clients.seen.ModTime()):
		d.unread = nil
		return
	}
	all, err := readClients(d.opt.Dir)
	if damaged := new(damage); errors.As(err, damaged) {
		free, busy := hold(d.opt.Dir, 0)
		if busy != nil {
			return
		}
		defer free()
		if all, err = readClients(d.opt.Dir); errors.As(err, damaged) {
			d.lost(clientsFile, err)
			info, err = nil, nil
		}
	}
	if d.unread = err; err != nil {
		return
	}
	d.clients.seen = info
	d.takeClients(all)
}

// takeClients makes these the clients, but for those that are gone. Sessions of clients that are gone end.
func (d *Desk) takeClients(all []clientRecord) {
	d.clients.all = slices.DeleteFunc(slices.Clone(all), func(r clientRecord) bool { return slices.Contains(d.dropped, r.ID) })
	for _, s := range d.all() {
		if s.Kind == ByClient && d.client(s.ClientID) == nil {
			d.end(s, "its client is gone")
		}
	}
}

func (d *Desk) client(id string) *clientRecord {
	i := slices.IndexFunc(d.clients.all, func(r clientRecord) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &d.clients.all[i]
}

// authenticate checks a client's id and secret; it compares a secret where there is no such client, too.
func (d *Desk) authenticate(id, secret string) (Client, bool) {
	d.mu.Lock()
	defer d.unlock()
	d.lookAtClients()
	return authentic(d.client(id), secret)
}

// authentic checks a client's secret; r is nil where there is no such client.
func authentic(r *clientRecord, secret string) (Client, bool) {
	known := r != nil
	if !known {
		r = &clientRecord{}
	}
	same := r.Secret.equal(hashOf(secret))
	return r.Client, known && same
}

// KnownClient says whether the folder has a client of that id and secret, as it is on the disk now. It needs no Desk.
func KnownClient(dir, id, secret string) (bool, error) {
	all, err := readClients(dir)
	var r *clientRecord
	if i := slices.IndexFunc(all, func(r clientRecord) bool { return r.ID == id }); i >= 0 {
		r = &all[i]
	}
	_, ok := authentic(r, secret)
	return ok, err
}
