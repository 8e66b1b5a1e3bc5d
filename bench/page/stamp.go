package page

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Stamp says when and on what a figure was measured: "2026-11-20, on 2 × AMD EPYC, Linux 6.18.0, amd64, with go1.26.8".
func Stamp() string {
	cpus, _ := os.ReadFile("/proc/cpuinfo")
	model := "an unknown processor"
	for line := range strings.Lines(string(cpus)) {
		if name, value, ok := strings.Cut(line, ":"); ok && (strings.HasPrefix(name, "model name") || strings.HasPrefix(name, "Model")) {
			model = strings.TrimSpace(value)
			break
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%s, on %d × %s, Linux %s, %s, with %s", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), model,
		strings.TrimSpace(string(kernel)), runtime.GOARCH, runtime.Version())
}
