// Package web serves latchd's pages: the visitor's panel at the door, the owner's console with its API, and the demo's page
// with a door to look at, the owner's phone and the stream of MQTT messages.
//
// It shows what the daemon tells it and passes on what hands and owners do; it decides nothing about the door, and it makes
// no request to anyone. It refuses other sites' requests, foreign Host headers and anything longer than it needs; the panel
// is for this machine alone, and clear text never goes beyond it.
package web
