package main

import (
	"fmt"
	"os"
)

func side(out *os.File) error { return fmt.Errorf("not yet") }
