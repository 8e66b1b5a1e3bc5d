package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"latchd/configs"
	"latchd/lock"
	"latchd/setup"
	"latchd/sms"
)

// twilio asks for the account that sends the texts.
func (s *installer) twilio(ctx context.Context) error {
	s.tell("\nTwilio, which sends the texts; see docs/twilio.md and console.twilio.com.")
	t := &s.cfg.Twilio
	sender := string(t.From)
	if t.MessagingServiceSID != "" {
		sender = t.MessagingServiceSID
	}
	for _, q := range []question{
		{flag: "account-sid", text: "  Account SID, AC...", usual: t.AccountSID, keys: []string{"twilio.account_sid"},
			set: func(a string) { t.AccountSID = a }},
		{flag: "api-key-sid", text: "  SID of an API key, SK..., where one is used", usual: t.APIKeySID, optional: true,
			keys: []string{"twilio.api_key_sid"}, set: func(a string) { t.APIKeySID = a }},
		{flag: "from", text: "  Sender: a number as +15551234567, or a service, MG...", usual: sender,
			keys: []string{"twilio.from", "twilio.messaging_service_sid"}, set: func(a string) {
				t.From, t.MessagingServiceSID = lock.Phone(setup.Number(a)), ""
				if strings.HasPrefix(a, "MG") {
					t.From, t.MessagingServiceSID = "", a
				}
			}},
	} {
		if err := s.ask(ctx, q); err != nil {
			return err
		}
	}
	what := "auth token"
	if t.APIKeySID != "" {
		what = "API key's secret"
	}
	return s.secret(ctx, configs.TwilioAuthToken, "twilio-secret-file", what)
}

// secret takes a secret from a file, or as it is typed. One that is there, and can be opened, may stay.
func (s *installer) secret(ctx context.Context, name, flag, what string) error {
	file, given := s.given(flag)
	kept, dead := s.store.holds(name)
	if dead != nil && !given {
		if s.yes {
			return fmt.Errorf("%w: --%s: missing, and what is there cannot be opened: %w", errUsage, flag, dead)
		}
		s.say("  The %s that is there cannot be opened: %v.", what, dead)
	}
	for bad := (tries{}); ; {
		typed, err := "", error(nil)
		switch {
		case given && file == "-":
			typed, err = s.line(ctx)
		case given:
			var b []byte
			b, err = os.ReadFile(file)
			typed = string(b)
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o004 != 0 {
				s.say("warn  --%s: everybody here can read %s: delete it when this is done", flag, file)
			}
		case s.yes && kept:
			return nil
		case s.yes:
			return fmt.Errorf("%w: --%s: missing, and %s holds none", errUsage, flag, s.store.dir)
		case kept:
			typed, err = s.unseen(ctx, "  The "+what+", not shown (Enter keeps what is there)")
		default:
			typed, err = s.unseen(ctx, "  The "+what+", not shown")
		}
		if err != nil {
			return fmt.Errorf("the %s: %w", what, err)
		}
		if typed == "" && kept && !given {
			return nil
		}
		secret, _, err := configs.Secrets{Getenv: func(string) string { return typed }}.Find(name)
		allowed := "one line that is neither empty nor too long"
		if err == nil && name == configs.TwilioAuthToken && !sms.IsSecret(secret.Reveal()) {
			err, allowed = errUsage, "letters and digits only"
		}
		switch {
		case err == nil:
			s.store.add(name, secret)
			return nil
		case given:
			return fmt.Errorf("%w: --%s: allowed is %s", errUsage, flag, allowed)
		case bad.over(typed):
			return giveUp(bad.all, "the "+what+": allowed: "+allowed, "--"+flag)
		}
		s.say("  Allowed: %s.", allowed)
	}
}

// owners asks for those who get the codes.
func (s *installer) owners(ctx context.Context) error {
	given, _ := s.flags.GetStringArray("owner")
	if len(given) > 0 {
		s.cfg.Owner = nil
		for _, o := range given {
			name, phone, _ := strings.Cut(o, "=")
			s.addOwner(name, phone)
		}
	}
	if len(given) > 0 || s.yes {
		if problem := setup.Problem(s.cfg, "owner"); problem != "" {
			return fmt.Errorf("%w: --owner NAME=NUMBER: %s", errUsage, problem)
		}
		return nil
	}
	s.say("\nThe owners, who get the codes.")
	if n := len(s.cfg.Owner); n > 0 {
		var names []string
		for _, o := range s.cfg.Owner {
			names = append(names, o.Name+" ("+o.Phone.String()+")")
		}
		keep, err := s.choose(ctx, "--owner", "  Keep "+strings.Join(names, ", "), "yes", "yes", "no")
		if err != nil {
			return err
		}
		if keep == "no" {
			s.cfg.Owner = nil
		}
	}
	bad := tries{}
	for {
		more := len(s.cfg.Owner) > 0
		text := "  Name"
		if more {
			text = "  Name of one more owner"
		}
		name, err := s.prompt(ctx, text, "", more)
		if err != nil {
			return err
		}
		if more && name == "none" {
			return nil
		}
		n := len(s.cfg.Owner)
		s.addOwner(name, "")
		if problem := setup.Problem(s.cfg, fmt.Sprintf("owner[%d].name", n)); problem != "" {
			if bad.over(name) {
				return giveUp(bad.all, text+": "+problem, "--owner NAME=NUMBER")
			}
			s.say("  This %s.", problem)
			s.cfg.Owner = s.cfg.Owner[:n]
			continue
		}
		bad = tries{}
		err = s.ask(ctx, question{flag: "owner", text: "  Number of the phone, as +15557654321", keys: []string{fmt.Sprintf("owner[%d].phone", n)},
			set: func(a string) { s.cfg.Owner[n].Phone = lock.Phone(setup.Number(a)) }})
		if err != nil {
			return err
		}
	}
}

// addOwner adds an owner, who keeps what the file says of them.
func (s *installer) addOwner(name, phone string) {
	o := configs.Owner{}
	for _, was := range s.was.Owner {
		if was.Name == name {
			o = was
		}
	}
	o.Name, o.Phone = name, lock.Phone(setup.Number(phone))
	s.cfg.Owner = append(s.cfg.Owner[:len(s.cfg.Owner):len(s.cfg.Owner)], o)
}

// mqtt asks for the broker.
func (s *installer) mqtt(ctx context.Context) error {
	s.tell("\nThe MQTT broker of the home automation.")
	m := &s.cfg.MQTT
	usual := strings.Join(m.Brokers, ",")
	if usual == "" {
		usual = "tcp://127.0.0.1:1883"
	}
	set := func(a string) { m.Brokers = strings.FieldsFunc(a, func(c rune) bool { return c == ',' || c == ' ' }) }
	broker := question{flag: "broker", text: "  Its address", usual: usual, keys: []string{"mqtt.brokers"}, set: set}
	if given, _ := s.flags.GetStringArray("broker"); len(given) > 0 {
		m.Brokers = given
		if problem := setup.Problem(s.cfg, "mqtt.brokers"); problem != "" {
			return fmt.Errorf("%w: --broker: %s", errUsage, problem)
		}
	} else if err := s.ask(ctx, broker); err != nil {
		return err
	}
	err := s.ask(ctx, question{flag: "mqtt-user", text: "  The door's user there", usual: m.Username, optional: true, keys: []string{"mqtt.username"},
		set: func(a string) { m.Username = a }})
	if err != nil || m.Username == "" {
		if s.flags.Changed("mqtt-password-file") {
			err = errors.Join(err, fmt.Errorf("%w: --mqtt-password-file comes without --mqtt-user", errUsage))
		}
		return err
	}
	return s.secret(ctx, configs.MQTTPassword, "mqtt-password-file", "user's password")
}
