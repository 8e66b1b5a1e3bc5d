package signin

// PardonFile in the desk's folder is as a Pardon, within ten seconds, and is removed: for an owner who is locked out and has
// nobody to ask.
const PardonFile = "signin.pardon"

// Pardon ends the sign-in lockouts of all owners; the level of each falls by one. Who is not locked out is not touched.
func (d *Desk) Pardon() {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.owners {
		if a.tries.Advance(now); a.out() {
			a.tries.Pardon(now)
			d.stale[sessionsFile] = true
			d.opt.Log.Info("a sign-in lockout is lifted", "owner", a.Name)
		}
	}
	d.nudge()
}

func (a *account) out() bool { return a.tries.Out() }
