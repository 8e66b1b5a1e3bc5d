package main

import (
	"slices"
	"time"

	"latchd/configs"
	"latchd/systemd"
)

// clock looks at the wall clock as the daemon will see it, and at the time zone where quiet hours go by it.
func (r *report) clock(cfg *configs.Config, now time.Time, set, synced bool) {
	offline := ""
	if cfg.Offline.On() {
		offline = ", and no offline code opens"
	}
	hidden := r.service != nil && isYes(r.service.unit.last("ProtectClock")) // the kernel may not be asked (systemd.ClockSynced)
	switch {
	case !set:
		r.fail("clock: it says %s, so it has never been set: until it is, Twilio and ssl brokers are refused%s: see timedatectl and the network",
			now.Format(time.DateOnly), offline)
	case !synced:
		r.warn("clock: it is not known to be right: events say unsynced%s: see timedatectl", offline)
	case hidden && !systemd.TimesyncdSynced():
		r.warn("clock: it is right, but the service cannot see that, for systemd-timesyncd has not set it: events say unsynced%s: "+
			"use timesyncd, or systemctl edit latchd and add [Service] ProtectClock=no and SystemCallFilter=adjtimex", offline)
	default:
		r.ok("clock: it follows a time source")
	}
	quiet := slices.ContainsFunc(cfg.Owner, func(o configs.Owner) bool { return o.Quiet != "" })
	if zone, _ := now.Zone(); quiet && zone == "UTC" {
		r.warn("clock: the machine's time zone is UTC, and quiet hours go by it: timedatectl set-timezone Europe/Vienna, for example, sets another")
	}
}
