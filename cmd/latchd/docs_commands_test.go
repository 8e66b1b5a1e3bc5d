package main

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// elsewhere is where commands of the documentation are run that need more than this machine's user has: by their beginning, a
// file that runs something, and words of a line of it that is no comment; none: the beginning itself. What the README has people
// type on the Pi is run by the scenarios install and package of bench/vm, line by line.
var elsewhere = map[string][2]string{
	"systemctl stop latchd":               {"bench/vm/scenarios/rights.txt"},
	"systemctl start latchd":              {"bench/vm/scenarios/setup.txt"},
	"systemctl restart latchd":            {"bench/vm/scenarios/setup.txt"},
	"systemctl reload latchd":             {"bench/vm/scenarios/start.txt"},
	"systemctl status":                    {"bench/vm/scenarios/secrets.txt"},
	"journalctl -u latchd":                {"bench/vm/scenarios/secrets.txt"},
	"timedatectl":                         {"bench/vm/scenarios/clock.txt"},
	"latchd keys":                         {"bench/vm/scenarios/setup.txt"},
	"latchd run":                          {"bench/vm/scenarios/rights.txt"},
	"apt remove":                          {"bench/vm/scenarios/kept.txt", "dpkg -r latchd"},
	"apt purge":                           {"bench/vm/scenarios/package.txt", "dpkg -P latchd"},
	"apt install qemu":                    {".ci/run", "qemu-system-x86_64 qemu-system-x86"},
	"apt install mosquitto":               {".ci/run", "mosquitto mosquitto"},
	"apt install dpkg-dev":                {"cmd/latchd/docs_release_test.go"},
	"apt install --allow-downgrades":      {"cmd/latchd/docs_release_test.go", "apt-get --simulate install --allow-downgrades"},
	"bench/vm/run":                        {".ci/run"},
	"make deb":                            {".ci/run", "make -s deb"},
	"go test ./...":                       {".ci/run"},
	"go test -race ./...":                 {".ci/run", "go test -race -skip"},
	"CGO_ENABLED=0 GOOS=linux":            {".ci/run", "GOOS=linux CGO_ENABLED=0 go build"},
	"go run -C bench/cluster":             {".ci/run", "go run . -scenario"},
	"go run ./cmd/latchd demo":            {"cmd/latchd/demo_test.go", "runDemo("},
	"latchd demo":                         {"cmd/latchd/demo_test.go", "runDemo("},
	"scp dist/latchd_":                    {"bench/vm/run", `cp "$work"/deb/*.deb`},
	"scp -r latchd configs systemd":       {"bench/vm/run", "cp -r README.md docs/fleet-settings.md configs systemd"},
	"touch /var/lib/latchd/signin.pardon": {"signin/pardon_test.go", "PardonFile"},
	"latchd offline enroll":               {"cmd/latchd/testdata/script/offline.txtar"},
	"man latchd":                          {"packaging/packaging_test.go", "latchd.service.8"},
	"fleet/rollout":                       {"cmd/latchd/docs_fleet_test.go"},
	"xargs -n 1 -P 10 fleet/rollout":      {"cmd/latchd/docs_fleet_test.go"},
	"mosquitto_sub -h old.example.org":    {"mqtt/acl_test.go"},
	"mosquitto_pub -h old.example.org":    {"mqtt/acl_test.go"},
	"fleet/release":                       {"cmd/latchd/docs_release_test.go"},
	"gpg --export":                        {"cmd/latchd/docs_release_test.go"},
	"latchd check --config fleet":         {"cmd/latchd/docs_fleet_test.go"},
}

// running tells the files that run something from those that only speak of it.
var running = regexp.MustCompile(`^(?:\.ci/run|bench/vm/run|bench/vm/scenarios/\w+\.txt|.*_test\.go|.*\.txtar)$`)

// nowhere are the commands that nothing can try.
var nowhere = map[string]string{
	"ssh pi@":                      "it wants a Pi in the network",
	".ci/run":                      "it runs this test",
	"go run -C bench/cluster . up": "it goes on until it is ended, and wants the cluster's own modules",
	"systemctl edit latchd":        "it wants an editor, and somebody before it",
}

// programs are the beginnings by which a command is known within a sentence.
const programs = `latchd [a-z]|go (?:run|test|build) |make |apt |man |ssh |scp |systemctl |journalctl |mosquitto_\w+ |curl |uname |timedatectl|touch |nano |` +
	`chromium |bench/vm/run|\.ci/run`

var (
	shell  = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
	inline = regexp.MustCompile("`((?:sudo )?(?:" + programs + ")[^`]*)`")
	remark = regexp.MustCompile(`\s+# .*$`)

	comment = regexp.MustCompile(`(?m)^\s*(?:#|//).*$`)
)

// commands are the lines that a page tells people to type.
func commands(text string) (lines []string) {
	add := func(line string) {
		line = remark.ReplaceAllString(strings.TrimSpace(line), "")
		line = strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(line, "sudo "), " &"), "TWILIO_AUTH_TOKEN=notasecret ")
		if line = strings.TrimPrefix(line, "./"); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	for _, block := range shell.FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(block[1], "#!") {
			continue // a file, which is tried as a whole
		}
		for line := range strings.Lines(block[1]) {
			add(line)
		}
	}
	for _, m := range inline.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		add(m[1])
	}
	return lines
}

// manuals are the manual pages, their commands as the other pages write them: in fences and in backquotes.
func manuals(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../../packaging/man/*.[1-8]")
	if err != nil || len(names) < 3 {
		t.Fatalf("%d manual pages: %v", len(names), err)
	}
	bold := regexp.MustCompile(`(?m)^\.(?:B|BR) (?:"([^"\n]+)".*|([^"(\n]+))$`)
	found := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(`\-`, "-", ".EX\n", "```sh\n", ".EE\n", "```\n").Replace(string(b))
		found[strings.TrimPrefix(name, "../../")] = bold.ReplaceAllString(text, "`$1$2`")
	}
	return found
}

// What the documentation tells people to type is typed here, at a door on a simulated board, or is run elsewhere.
func TestEveryCommandOfTheDocumentationIsRun(t *testing.T) {
	h := newTypist(t, `"127.0.0.1:%s"`)
	pages := documentation(t)
	maps.Copy(pages, manuals(t))
	for _, block := range strings.Split(pages["README.md"], "\nOn the Pi:\n\n")[1:] { // as bench/vm/player takes them
		block, _, _ = strings.Cut(block, "\n```\n")
		h.inSequence(script(t, block+"\n```\n"))
	}
	h.inSequence(withoutABoard(t))
	h.inSequence(brokersSetUp(t))
	h.inSequence(prometheusSetUp(t))
	for _, page := range slices.Sorted(maps.Keys(pages)) {
		if page == "ARCHITECTURE.md" || page == "CHANGELOG.md" || page == "BENCHMARKS.md" {
			continue // they speak of commands, and tell nobody to type them
		}
		for _, line := range commands(pages[page]) {
			if !h.enters(page, line) {
				t.Errorf("%s: nothing runs %q", page, line)
			}
		}
	}
	for begin := range elsewhere {
		if !h.used[begin] {
			t.Errorf("no page has a command that begins with %q any more", begin)
		}
	}
	for begin := range nowhere {
		if !h.used[begin] {
			t.Errorf("no page has a command that begins with %q any more", begin)
		}
	}
	if len(h.without) > 0 {
		t.Skipf("all the rest was run; not here: %s", strings.Join(slices.Sorted(maps.Keys(h.without)), "; "))
	}
}

func TestWhatIsSaidToRunACommandOfTheDocumentationHasIt(t *testing.T) {
	for begin, where := range elsewhere {
		b, err := os.ReadFile(filepath.Join("../..", where[0]))
		if err != nil {
			t.Error(err)
		} else if words := cmp.Or(where[1], begin); !strings.Contains(comment.ReplaceAllString(string(b), ""), words) {
			t.Errorf("%q is said to be run by %s, which has no %q", begin, where[0], words)
		}
		if !running.MatchString(where[0]) {
			t.Errorf("%q is said to be run by %s, which runs nothing", begin, where[0])
		}
	}
}
