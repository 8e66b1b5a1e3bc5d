package signin

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComplete(t *testing.T) {
	for _, tt := range []struct {
		name  string
		given User
		want  User
		err   string // of the field
	}{
		{"a user name is made of the names", User{FirstName: "Ada", LastName: "King Lovelace"},
			User{FirstName: "Ada", LastName: "King Lovelace", Username: "ada.king.lovelace"}, ""},
		{"or of the owner's", User{}, User{Username: "ada"}, ""},
		{"where the names have no letter for it", User{FirstName: "愛", LastName: "達"}, User{FirstName: "愛", LastName: "達", Username: "ada"}, ""},
		{"with a number where it is taken", User{FirstName: "Grace"}, User{FirstName: "Grace", Username: "grace2"}, ""},
		{"or given", User{Username: "countess_1", Email: "ada@example.org"}, User{Username: "countess_1", Email: "ada@example.org"}, ""},
		{"one that is taken is refused", User{Username: "grace"}, User{}, "username"},
		{"so is one in capitals", User{Username: "Ada"}, User{}, "username"},
		{"so are two lines", User{FirstName: "A\nda"}, User{}, "first_name"},
		{"so is a long name", User{LastName: strings.Repeat("x", 65)}, User{}, "last_name"},
		{"so is no address", User{Email: "ada"}, User{}, "email"},
		{"so is an address with a name", User{Email: "Ada <ada@example.org>"}, User{}, "email"},
		{"an account is free", User{Account: map[string]any{"floor": 2.0, "pets": []any{"cat"}}},
			User{Username: "ada", Account: map[string]any{"floor": 2.0, "pets": []any{"cat"}}}, ""},
		{"the number in it is not kept", User{Account: map[string]any{"phone": "001 555 765-4321"}}, User{Username: "ada", Account: map[string]any{}}, ""},
		{"another number is refused", User{Account: map[string]any{"phone": grace}}, User{}, "account.phone"},
		{"so is a number that is none", User{Account: map[string]any{"phone": 5.0}}, User{}, "account.phone"},
		{"a number in a name is refused", User{FirstName: "+1 (555) 765-43.21"}, User{}, "first_name"},
		{"so is one in the other", User{LastName: "Lovelace 765\u20114321"}, User{}, "last_name"},
		{"so is one in the user name", User{Username: "ada-555.765-4321"}, User{}, "username"},
		{"so is one in the address", User{Email: "15557654321@example.org"}, User{}, "email"},
		{"so is one with marks that cannot be seen", User{Account: map[string]any{"n": "1555\u200b765\u200b4321"}}, User{}, "account"},
		{"so is one deep in the account", User{Account: map[string]any{"contact": map[string]any{"phone": "+15557654321"}}}, User{}, "account"},
		{"so is one in a list", User{Account: map[string]any{"phones": []any{1.0, []any{"555 7654"}}}}, User{}, "account"},
		{"so is one that is a number", User{Account: map[string]any{"n": 15557654321.0}}, User{}, "account"},
		{"so is one that is a name there", User{Account: map[string]any{"+15557654321": true}}, User{}, "account"},
		{"so is one in other digits", User{Account: map[string]any{"n": "١٥٥٥٧٦٥٤٣٢١"}}, User{}, "account"},
		{"six digits are none", User{Username: "ada815.101", Account: map[string]any{"postcode": "690 001", "n": 815101.0}},
			User{Username: "ada815.101", Account: map[string]any{"postcode": "690 001", "n": 815101.0}}, ""},
		{"a user name is not made of what makes a number", User{FirstName: "555765", LastName: "4321"},
			User{FirstName: "555765", LastName: "4321", Username: "ada"}, ""},
		{"so are more than 2 KiB", User{Account: map[string]any{"x": strings.Repeat("x", maxAccount)}}, User{}, "account"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.users[userKey(grace)] = User{Username: "grace"}
			got, err := r.Complete(r.bought(), tt.given, true)
			if (err == nil) != (tt.err == "") || err != nil && (!errors.Is(err, ErrUser) || !strings.Contains(err.Error(), ": "+tt.err+" ")) {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			r.restart()
			if diff := cmp.Diff(tt.want, r.User("Ada")); diff != "" {
				t.Error("after a restart:", diff)
			}
		})
	}
}

func TestAUserIsCompletedStepByStep(t *testing.T) {
	r := newRig(t)
	secret := r.bought()
	if _, err := r.Complete("x", User{}, true); err != ErrSecret {
		t.Errorf("an unknown secret: %v", err)
	}
	if _, err := r.Complete(secret, User{FirstName: "Ada"}, false); !errors.Is(err, ErrUser) || !strings.Contains(err.Error(), "auto_username") {
		t.Errorf("a user without a name: %v", err)
	}
	for _, u := range []User{{FirstName: "Ada"}, {LastName: "Lovelace", Account: map[string]any{"floor": 2.0}}, {Email: "ada@example.org"}} {
		if _, err := r.Complete(secret, u, true); err != nil {
			t.Fatal(err)
		}
	}
	want := User{Username: "ada", FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.org", Account: map[string]any{"floor": 2.0}}
	if diff := cmp.Diff(want, r.User("Ada")); diff != "" {
		t.Error(diff)
	}
	if _, _, err := r.Enter(ada, secret, "", ""); err != nil {
		t.Errorf("the secret is spent: %v", err)
	}
	if _, err := r.Complete(secret, User{FirstName: "Eve"}, true); err != ErrSecret {
		t.Errorf("a secret that is spent: %v", err)
	}
}

func TestAUserIsTheNumbersNotTheNames(t *testing.T) {
	r := newRig(t)
	if _, err := r.Complete(r.bought(), User{FirstName: "Ada", Email: "ada@example.org"}, true); err != nil {
		t.Fatal(err)
	}
	r.Change([]Owner{{Name: "Ada", Phone: "+15550000009"}, {Name: "Countess", Phone: ada}}, rules)
	if got := r.User("Ada"); got.Email != "" {
		t.Errorf("who has the name now is shown %+v", got)
	}
	if got := r.User("Countess"); got.Email != "ada@example.org" {
		t.Errorf("who has the number still is shown %+v", got)
	}
	if got := r.User("Nobody"); got.Email != "" {
		t.Errorf("who is no owner is shown %+v", got)
	}
	r.Change([]Owner{{Name: "Ada", Phone: "+15550000009"}}, rules)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.nameTaken("ada", userKey("+15550000009")) {
		t.Error("a number that is no owner's any more keeps its user name")
	}
}
