package main

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// What the page's release puts into a ring, an apt that trusts its key alone takes from there.
func TestAReleaseIsTakenFromItsRing(t *testing.T) {
	for _, tool := range []string{"apt-get", "apt-cache", "dpkg-deb", "dpkg-scanpackages", "gpg", "gpgconf"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here: apt install dpkg-dev gpg, on Debian", tool)
		}
	}
	s := newTown(t)
	home, err := os.MkdirTemp("", "keys") // short: the agent's socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "GNUPGHOME="+home)
	t.Cleanup(func() {
		c := exec.Command("gpgconf", "--kill", "all")
		c.Env = s.env
		c.Run()
		os.RemoveAll(home)
	})
	must := func(line string) string {
		t.Helper()
		out, err := s.sh(line)
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return out
	}
	must("gpg --batch --quiet --passphrase '' --quick-generate-key doors@example.org default default never")
	for _, version := range []string{"1.4.0", "1.5.0"} {
		s.put("package/DEBIAN/control", "Package: latchd\nVersion: "+version+"\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n")
		must("mkdir -p dist && dpkg-deb --build --root-owner-group package dist/latchd_" + version + "_all.deb")
	}
	must("fleet/release early dist/latchd_*.deb")
	must("fleet/release stable repo/early/latchd_1.4.0_all.deb")
	must("gpg --export >doors.gpg")
	sources := fenced(t, "docs/fleet-settings.md", "Types: deb")
	for ring, want := range map[string]string{"early": "Candidate: 1.5.0", "stable": "Candidate: 1.4.0"} {
		s.put(ring+"/sources.list.d/doors.sources", strings.NewReplacer("https://doors.example.org/repo/early", "file:"+s.dir+"/repo/"+ring,
			"/etc/apt/keyrings/doors.gpg", s.dir+"/doors.gpg").Replace(sources))
		s.put(ring+"/lists/partial/empty", "")
		s.put(ring+"/cache/archives/partial/empty", "")
		s.put(ring+"/status", "")
		options := ""
		for key, value := range map[string]string{"Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": s.dir + "/" + ring + "/sources.list.d",
			"Dir::State::lists": s.dir + "/" + ring + "/lists", "Dir::State::status": s.dir + "/" + ring + "/status",
			"Dir::Cache": s.dir + "/" + ring + "/cache", "APT::Sandbox::User": "root", "Dir::Etc::preferencesparts": "/dev/null"} {
			options += " -o " + key + "=" + value
		}
		if out := must("LC_ALL=C apt-get update --error-on=any" + options); strings.Contains(out, "W:") {
			t.Errorf("%s: apt warns: %s", ring, out)
		}
		if out := must("LC_ALL=C apt-cache policy latchd" + options); !strings.Contains(out, want) {
			t.Errorf("%s: apt would take another than %q: %s", ring, want, out)
		}
		s.put(ring+"/status", "Package: latchd\nVersion: 1.5.0\nArchitecture: all\nStatus: install ok installed\nMaintainer: x\nDescription: x\n")
		if out := must("LC_ALL=C apt-get --simulate install --allow-downgrades latchd=1.4.0" + options); !strings.Contains(out, "Inst latchd [1.5.0] (1.4.0") {
			t.Errorf("%s: on the way back apt would do: %s", ring, out)
		}
		if out := must("LC_ALL=C apt-cache policy" + options); !strings.Contains(out, "o=Doors,a="+ring) {
			t.Errorf("%s: by its origin the ring is not known: %s", ring, out)
		}
	}
	// A list that nobody with the key has signed is refused.
	s.put("repo/stable/InRelease", strings.Replace(s.read("repo/stable/InRelease"), "Suite: stable", "Suite: other", 1))
	if out, err := s.sh("LC_ALL=C apt-get update --error-on=any -o Dir::Etc::sourcelist=/dev/null -o APT::Sandbox::User=root -o Dir::Etc::sourceparts=" + s.dir +
		"/stable/sources.list.d -o Dir::State::lists=" + s.dir + "/stable/lists"); err == nil {
		t.Errorf("apt takes a list that is not signed: %s", out)
	}
}

// fenced returns the block of a page, of whatever kind, that begins with a line.
func fenced(t *testing.T, page, begin string) string {
	t.Helper()
	for _, block := range fence.FindAllString(documentation(t)[page], -1) {
		_, text, _ := strings.Cut(block, "\n")
		if strings.HasPrefix(text, begin) {
			return strings.TrimSuffix(text, "```")
		}
	}
	t.Fatalf("%s has no block that begins with %q: %v", page, begin, slices.Sorted(maps.Keys(documentation(t))))
	return ""
}
