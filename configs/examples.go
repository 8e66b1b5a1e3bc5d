package configs

import _ "embed"

// The example files. Full, Minimal, and OfDoor with OfSite, are for an installer: they are refused until the account and the numbers in them
// are the installer's own. Demo is whole; `latchd demo` puts its own addresses and folder in.
var (
	//go:embed latchd.toml
	Full string // every key, with its default
	//go:embed minimal.toml
	Minimal string // only what a door needs
	//go:embed door.toml
	OfDoor string // a door of several, which includes site.toml
	//go:embed site.toml
	OfSite string // what they have in common
	//go:embed demo.toml
	Demo string // a simulated door with everything fitted
)
