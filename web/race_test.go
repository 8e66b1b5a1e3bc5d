//go:build race

package web

func init() { underRace = true }
