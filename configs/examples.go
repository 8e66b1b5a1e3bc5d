package configs

import _ "embed"

// The example files. Full and Minimal are for an installer: they are refused until the account and the numbers in them
// are the installer's own. Demo is whole; `latchd demo` puts its own addresses and folder in.
var (
	//go:embed latchd.toml
	Full string // every key, with its default
	//go:embed minimal.toml
	Minimal string // only what a door needs
	//go:embed demo.toml
	Demo string // a simulated door with everything fitted
)
