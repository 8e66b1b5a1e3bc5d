package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"latchd/board"
	"latchd/configs"
	"latchd/lock"
	"latchd/systemd"
)

func newRun() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon",
		Long: `Runs the door. SIGTERM and SIGINT lock the strike and end it; SIGHUP reads the configuration again and applies what
can change while it runs.`,
		Args: usage(cobra.NoArgs),
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log, flush := systemd.NewLogger(os.Stderr, slog.LevelInfo)
		defer flush()
		return runDaemon(cmd.Context(), *path, log, flush)
	}
	return cmd
}

func runDaemon(ctx context.Context, path string, log *slog.Logger, flush func()) error {
	cfg, err := configs.Load(path)
	if err != nil {
		lockAnyway(path, log)
		return err
	}
	if err := checkUser(cfg, os.Geteuid(), log); err != nil {
		lockAnyway(path, log)
		return err
	}
	for _, w := range warnings(cfg) {
		log.Warn(w)
	}
	h, err := openHouse(cfg, houseOptions{log: log, flush: flush, secrets: configs.SystemSecrets()})
	if err != nil {
		return err
	}
	defer h.endOn(traced...)()
	defer h.reloadOn(syscall.SIGHUP, path)()
	return h.run(ctx)
}

// warnings is what the configuration allows but may not be wanted, and what it asks for and this version lacks.
func warnings(cfg *configs.Config) (ws []string) {
	for _, w := range cfg.Warnings() {
		ws = append(ws, w.String())
	}
	if w := textWarning(cfg); w != "" {
		ws = append(ws, w)
	}
	return ws
}

// lockAnyway locks the strike of a door that cannot be started.
func lockAnyway(path string, log *slog.Logger) {
	b, s, err := configs.LoadStrike(path)
	if err != nil || b.Driver != "linux" {
		return // the faults of the file are told elsewhere
	}
	if err := board.Secure(b.Chip, s.Line, s.Active == "low"); err != nil {
		log.Error("the strike may not be locked", "error", err)
	}
}

// checkUser refuses root on a real board: a door needs no more than its lines.
func checkUser(cfg *configs.Config, uid int, log *slog.Logger) error {
	switch {
	case uid != 0:
		return nil
	case cfg.Board.Driver == "sim":
		log.Warn("running as root: a simulated board needs no rights at all")
		return nil
	}
	return errors.New("refusing to run as root: the door needs its GPIO lines and nothing more. Start the service (systemctl start " +
		"latchd), or run it as a user in the group gpio: sudo -u latchd latchd run")
}

// reloadOn reads the configuration again at every such signal, until the function that it returns is called.
func (h *house) reloadOn(sig os.Signal, path string) (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	go func() {
		for range c {
			h.warnIf(systemd.Reloading())
			h.reload(path)
			h.warnIf(systemd.Ready(h.status()))
		}
	}()
	return func() { signal.Stop(c); close(c) }
}

// reload applies what can change in a running daemon, and says what needs a restart. A faulty file changes nothing.
func (h *house) reload(path string) {
	next, err := configs.Load(path)
	if err != nil {
		h.log.Error("the new configuration is at fault: the old one stays in force")
		for line := range strings.Lines(err.Error()) {
			h.log.Error(strings.TrimSpace(line))
		}
		return
	}
	for _, w := range warnings(next) {
		h.log.Warn(w)
	}
	if keys := h.cfg.RestartNeeded(next); len(keys) > 0 {
		h.log.Warn("restart latchd to apply these", "keys", strings.Join(keys, " "))
	}
	if err := h.apply(next); err != nil {
		h.log.Error("the new configuration is not applied", "error", err)
		return
	}
	h.log.Info("the configuration has been read again")
}

// apply takes over from next what can change in a running door.
func (h *house) apply(next *configs.Config) error {
	if h.texts != nil {
		if err := h.texts.Change(textOptions(next, h.cfg, h.secret, h.log)); err != nil {
			return err
		}
	}
	h.post(lock.Reconfigured{Config: h.rules(next)})
	h.changePages(next)
	return nil
}

func (h *house) warnIf(err error) {
	if err != nil {
		h.log.Warn("systemd has not been told", "error", err)
	}
}

func (h *house) status() string { return fmt.Sprintf("%s: at work", h.cfg.Door.Name) }
