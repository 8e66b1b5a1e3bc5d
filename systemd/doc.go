// Package systemd is the daemon's side of its unit: readiness, the watchdog, the journal as a log, the clock's state. The
// unit itself, the user and the folders lie beside it.
//
// It starts no goroutine and waits for nobody. It does not decide when the daemon is ready or alive.
package systemd
