package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"latchd/configs"
)

// reload has systemd read a drop-in that has come or gone: the secret that it knew may be there no more.
func (s *installer) reload() {
	if !s.store.unitChanged {
		return
	}
	if err := exec.Command("systemctl", "daemon-reload").Run(); err != nil {
		s.say("systemctl daemon-reload: %v. Do it before the door is started: systemd does not know of %s yet.", err, s.store.dropIn)
	}
}

// next tells what comes after setup: the installed door is systemd's to start, another is started by hand.
func (s *installer) next(failed, root bool) string {
	var lines strings.Builder
	add := func(command, why string) {
		line := fmt.Sprintf("  %-36s  # %s", command, why)
		if strings.Contains(command, "\n") || utf8.RuneCountInString(line) >= s.width() {
			line = "  # " + why + "\n  " + command
		}
		lines.WriteString(line + "\n")
	}
	installed := s.path == defaultConfig && s.store.dir == configs.SecretPath("")
	sudo, config := "", " --config "+quoted(s.path)
	if root || installed {
		sudo = "sudo "
	}
	if s.path == defaultConfig {
		config = ""
	}
	check := func(more string) string {
		if installed {
			return "sudo latchd check" + more
		}
		return sudo + s.withSecrets("latchd check"+config+more)
	}
	if failed {
		add(check(""), "once more, when what failed is mended")
	}
	add(sudo+"latchd wiring"+config, "how it is wired, and what to mind")
	add(check(" --live"), "signs in to Twilio and the broker, sends nothing")
	switch {
	case s.cfg.Board.Driver == "sim":
		add(sudo+s.withSecrets("latchd run"+config), "now, until Ctrl-C")
		if socket := s.cfg.Board.Socket; socket != "" {
			add(sudo+"latchd sim --socket "+quoted(socket)+" bell", "rings there")
		}
	case !installed && root:
		add(s.asService(), "now, until Ctrl-C, as the service's user: root may not run it")
	case !installed:
		add(s.withSecrets("latchd run"+config), "now, until Ctrl-C")
	case runs():
		add("sudo systemctl restart latchd", "it runs already, as it was set up before")
	default:
		add("sudo systemctl enable --now latchd", "now, and at each boot")
	}
	return lines.String()
}

// goesOn breaks a command that is too long for a line where a shell lets it.
const goesOn = " \\\n    "

// withSecrets is a command that finds the secrets where they were written. Sealed ones systemd alone can hand over.
func (s *installer) withSecrets(command string) string {
	hand := s.credentials()
	switch {
	case strings.Contains(hand, "Encrypted="):
		return "systemd-run --pty --same-dir" + hand + goesOn + command
	case s.store.dir == configs.SecretPath(""):
		return command
	}
	return "CREDENTIALS_DIRECTORY=" + quoted(s.store.dir) + " " + command
}

// asService is a command that runs a real door that is not the installed one, as the user that is in the group of the lines.
// It may not read what root has written: systemd hands it the configuration as it does the secrets.
func (s *installer) asService() string {
	hand := credential("LoadCredential", "latchd.toml", s.path)
	if in := s.cfg.Include; in != "" && in == filepath.Base(in) { // it lies beside
		hand += credential("LoadCredential", in, beside(s.path, in))
	}
	return "sudo systemd-run --pty -p User=latchd" + goesOn + "-p StateDirectory=latchd -p StateDirectoryMode=0700" + hand + s.credentials() +
		goesOn + "latchd run --config '${CREDENTIALS_DIRECTORY}/latchd.toml'"
}

// credentials has systemd hand over the secrets that are there.
func (s *installer) credentials() (hand string) {
	for _, name := range []string{configs.TwilioAuthToken, configs.MQTTPassword} {
		if path := s.store.sealed(name); exists(path) {
			hand += credential("LoadCredentialEncrypted", name, path)
		} else if path := s.store.plain(name); exists(path) {
			hand += credential("LoadCredential", name, path)
		}
	}
	return hand
}

func credential(how, name, path string) string {
	if whole, err := filepath.Abs(path); err == nil { // fails where the folder in which this runs is gone
		path = whole
	}
	return goesOn + "-p " + quoted(how+"="+name+":"+path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

var plainWord = regexp.MustCompile(`^[\w./:=@%+,-]+$`)

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// runs says whether the door is at work: then enabling it would not have it read what is new.
func runs() bool {
	return exec.Command("systemctl", "is-active", "--quiet", "latchd").Run() == nil
}
