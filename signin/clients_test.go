package signin

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestClients(t *testing.T) {
	dir := t.TempDir()
	c, secret, err := AddClient(dir, "Home Assistant")
	if err != nil || !strings.HasPrefix(c.ID, "latchd-") || len(c.ID) != 23 || len(secret) != half {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, tt := range []struct{ name, client, hint string }{
		{"a name that is taken", "Home Assistant", "client list"},
		{"no name", "", "letters"},
		{"a long name", strings.Repeat("x", 65), "letters"},
		{"a name of two lines", "a\nb", "letters"},
	} {
		if _, _, err := AddClient(dir, tt.client); err == nil || !strings.Contains(err.Error(), tt.hint) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, tt := range []struct {
		id, secret string
		want       bool
	}{{c.ID, secret, true}, {c.ID, secret[1:], false}, {c.ID, "", false}, {"", "", false}, {"latchd-0", secret, false}} {
		if ok, err := KnownClient(dir, tt.id, tt.secret); ok != tt.want || err != nil {
			t.Errorf("known: %v, %v, want %v", ok, err, tt.want)
		}
	}
	if err := RemoveClient(dir, "nobody"); err == nil || !strings.Contains(err.Error(), "client list") {
		t.Errorf("an unknown one: %v", err)
	}
	if all, err := ListClients(dir); err != nil || len(all) != 1 || all[0] != c {
		t.Errorf("%v, %v", all, err)
	}
	if err := RemoveClient(dir, c.Name); err != nil {
		t.Error(err)
	}
	if all, err := ListClients(dir); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if ok, err := KnownClient(dir, c.ID, secret); ok || err != nil {
		t.Errorf("a client that was removed is known: %v, %v", ok, err)
	}
	if _, err := ListClients(dir + "/nowhere"); err != nil {
		t.Errorf("before the first: %v", err)
	}
	if _, _, err := AddClient(dir+"/nowhere", "x"); err == nil {
		t.Error("added to a folder that is not there")
	}
	os.WriteFile(dir+"/"+clientsFile, []byte("{"), 0o600)
	if _, _, err := AddClient(dir, "x"); err == nil {
		t.Error("a damaged file is overwritten")
	}
}

func TestClientsAddedAtATimeAreAllThere(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, _, err := AddClient(dir, fmt.Sprint("client ", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if list, err := ListClients(dir); err != nil || len(list) != 20 {
		t.Errorf("%d clients, %v", len(list), err)
	}
}

func TestClientsThatCannotBeReadAreThoseKnownBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c := r.client("one")
		live := c.signIn()
		hidden := r.path(clientsFile) + ".hidden"
		if err := errors.Join(os.Rename(r.path(clientsFile), hidden), os.Mkdir(r.path(clientsFile), 0o700)); err != nil {
			t.Fatal(err)
		}
		<-time.After(lookEvery)
		if _, err := r.Bearer(live.Access); err != nil || !r.standing(Unreadable) {
			t.Errorf("%v; told: %v", err, r.faults)
		}
		if err := errors.Join(os.Remove(r.path(clientsFile)), os.Rename(hidden, r.path(clientsFile))); err != nil {
			t.Fatal(err)
		}
		<-time.After(lookEvery)
		if _, err := r.Bearer(live.Access); err != nil || r.standing(Unreadable) {
			t.Errorf("%v; told: %v", err, r.faults)
		}
	})
}

func TestAClientThatIsGone(t *testing.T) {
	for _, tt := range []struct {
		name   string
		remove func(r *rig, c client) bool
	}{
		{"by the owner", func(r *rig, c client) bool {
			found, err := r.RevokeClient(c.id)
			return found && err == nil
		}},
		{"by the command line", func(r *rig, c client) bool { return RemoveClient(r.dir, "one") == nil }},
		{"with its file", func(r *rig, c client) bool { return os.Remove(r.path(clientsFile)) == nil }},
		{"as its file is damaged", func(r *rig, c client) bool { return os.WriteFile(r.path(clientsFile), nil, 0o600) == nil }},
		{"while the desk is closed", func(r *rig, c client) bool {
			r.stop()
			defer r.open()
			return RemoveClient(r.dir, "one") == nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			c := r.client("one")
			live := c.signIn()
			token, _ := r.enter()
			if len(r.Clients()) != 1 || len(r.Sessions()) != 2 {
				t.Fatal("not there")
			}
			if !tt.remove(r, c) {
				t.Fatal("not removed")
			}
			c.h = r.TokenEndpoint()
			if _, err := r.Bearer(live.Access); err != ErrToken {
				t.Errorf("its access token: %v", err)
			}
			if got := c.refresh(live.Refresh); got.Error != "invalid_client" {
				t.Errorf("its refresh token: %q", got.Error)
			}
			if got := c.signIn(); got.Error != "invalid_client" {
				t.Errorf("its secret: %q", got.Error)
			}
			if _, err := r.Browser(token); err != nil || len(r.Sessions()) != 1 || len(r.Clients()) != 0 {
				t.Errorf("a browser's session goes with it, or stays not alone: %v", err)
			}
			if found, err := r.RevokeClient(c.id); found || err != nil {
				t.Error("it can be removed twice")
			}
		})
	}
}

func TestADraftThatAPowerCutHasLeftIsNoObstacle(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/"+clientsFile+".new", []byte("{"), 0o400); err != nil {
		t.Fatal(err)
	}
	if _, _, err := AddClient(dir, "one"); err != nil {
		t.Error(err)
	}
}
