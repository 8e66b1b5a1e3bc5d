package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

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
func (s *installer) next(failed bool) string {
	var lines []string
	add := func(command, why string) { lines = append(lines, fmt.Sprintf("  %-36s  # %s\n", command, why)) }
	installed := s.path == defaultConfig && s.store.dir == configs.SecretPath("")
	sudo, config := "", " --config "+quoted(s.path)
	if os.Geteuid() == 0 || installed {
		sudo = "sudo "
	}
	if s.path == defaultConfig {
		config = ""
	}
	if failed && installed {
		add("sudo latchd check", "once more, when what failed is mended")
	} else if failed {
		add(sudo+s.withSecrets("latchd check"+config), "once more, when what failed is mended")
	}
	add(sudo+"latchd wiring"+config, "how it is wired, and what to mind")
	switch {
	case !installed || s.cfg.Board.Driver == "sim":
		add(sudo+s.withSecrets("latchd run"+config), "now, until Ctrl-C")
		if socket := s.cfg.Board.Socket; s.cfg.Board.Driver == "sim" && socket != "" {
			add(sudo+"latchd sim --socket "+quoted(socket)+" bell", "rings there")
		}
	case runs():
		add("sudo systemctl restart latchd", "it runs already, as it was set up before")
	default:
		add("sudo systemctl enable --now latchd", "now, and at each boot")
	}
	return strings.Join(lines, "")
}

// withSecrets is a command that finds the secrets where they were written. Sealed ones systemd alone can hand over.
func (s *installer) withSecrets(command string) string {
	var hand strings.Builder
	for _, name := range []string{configs.TwilioAuthToken, configs.MQTTPassword} {
		if path, err := filepath.Abs(s.store.sealed(name)); err == nil && exists(path) {
			hand.WriteString(" -p " + quoted("LoadCredentialEncrypted="+name+":"+path))
		} else if path, err := filepath.Abs(s.store.plain(name)); err == nil && exists(path) {
			hand.WriteString(" -p " + quoted("LoadCredential="+name+":"+path))
		}
	}
	switch {
	case strings.Contains(hand.String(), "Encrypted="):
		return "systemd-run --pty --same-dir" + hand.String() + " " + command
	case s.store.dir == configs.SecretPath(""):
		return command
	}
	return "CREDENTIALS_DIRECTORY=" + quoted(s.store.dir) + " " + command
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
