package web

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchd/lock"
)

func TestAVisitorGoesInWhenTheStrikeOpens(t *testing.T) {
	locked := lock.Status{Strike: lock.Locked, Contact: true}
	open := lock.Status{Strike: lock.Unlocked, Contact: true}
	inside := lock.Status{Strike: lock.Unlocked, Contact: true, DoorOpen: true}
	push := func(t *testing.T, d *Demo, body string, want int) {
		t.Helper()
		if w := ask(d, "POST", "/door", form, body); w.Code != want {
			t.Errorf("%s: %d %q, want %d", body, w.Code, w.Body, want)
		}
	}
	tests := []struct {
		name string
		do   func(t *testing.T, d *Demo)
		want string
	}{
		{"in and shut behind", func(t *testing.T, d *Demo) { d.Status(locked); d.Status(open) }, "push shut"},
		{"not when there is no contact to move", func(t *testing.T, d *Demo) {
			d.Status(lock.Status{Strike: lock.Locked})
			d.Status(lock.Status{Strike: lock.Unlocked})
			push(t, d, "open=true", http.StatusConflict)
		}, ""},
		{"not at the start, when nothing has opened", func(t *testing.T, d *Demo) { d.Status(open) }, ""},
		{"held open by hand until let go", func(t *testing.T, d *Demo) {
			d.Status(locked)
			d.Status(open)
			<-time.After(time.Second)
			d.Status(inside)
			push(t, d, "open=true", http.StatusNoContent)
			<-time.After(time.Minute)
			if !d.view().Held {
				t.Error("the page is not told that the door is held")
			}
			push(t, d, "open=false", http.StatusNoContent)
			d.Status(locked)
		}, "push push shut"},
		{"a locked door does not give way", func(t *testing.T, d *Demo) {
			d.Status(locked)
			push(t, d, "open=true", http.StatusConflict)
		}, ""},
		{"unless by force", func(t *testing.T, d *Demo) {
			d.Status(locked)
			push(t, d, "open=true&force=true", http.StatusNoContent)
		}, "push"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hands := newStub()
				d := newDemo(t, hands)
				tt.do(t, d)
				<-time.After(10 * time.Second)
				synctest.Wait()
				if did := strings.Join(hands.all(), " "); did != tt.want {
					t.Errorf("the hands did %q, want %q", did, tt.want)
				}
			})
		})
	}
}
