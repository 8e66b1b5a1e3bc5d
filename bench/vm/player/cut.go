package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func (p *play) powerCut(ts *testscript.TestScript, _ []string) error {
	if p.here {
		return fmt.Errorf("the power of this machine is left on")
	}
	if err := p.pause(ts); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/sysrq-trigger", []byte("b"), 0); err != nil {
		return err
	}
	select {}
}

// reboot watches the strike until the daemon has gone in good order, and leaves only then.
func (p *play) reboot(ts *testscript.TestScript, _ []string) error {
	if p.here {
		return fmt.Errorf("this machine is left running")
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	p.act()
	if _, err := command("systemctl", "--no-block", "reboot"); err != nil {
		return err
	}
	<-term
	_, locked := p.d.witness.locks(time.Second / 2) // systemd waits for a second
	for state := ""; state != "inactive"; {
		state, _ = command("systemctl", "show", "-P", "ActiveState", "latchd")
	}
	if !locked {
		p.resume.Failed = "the strike was open when the machine went down"
	}
	if err := p.pause(ts); err != nil {
		p.resume.Failed = err.Error()
		p.cut(p.resume)
	}
	os.Exit(0)
	return nil
}

// pause has the script go on at its next line after the machine has started again.
func (p *play) pause(ts *testscript.TestScript) error {
	if err := p.d.witness.cut(); err != nil {
		return err
	}
	p.count()
	p.d.mu.Lock()
	p.resume.Secrets = p.d.secrets
	p.d.mu.Unlock()
	p.resume.Line = lineOf(ts)
	p.cut(p.resume)
	return nil
}

// goOn takes up what a scenario has left before a power cut. By now the daemon has started by itself.
func (d *door) goOn(from resume) {
	d.mu.Lock()
	d.secrets = from.Secrets
	d.mu.Unlock()
	d.witness.resume(from.ActiveLow)
}
