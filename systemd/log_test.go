package systemd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHandlerKeepsSlogsRules(t *testing.T) {
	var got map[string]any
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		return &handler{level: slog.LevelInfo, put: func(at time.Time, l slog.Level, msg string, fields []field) error {
			got = map[string]any{slog.LevelKey: l, slog.MessageKey: msg}
			if !at.IsZero() {
				got[slog.TimeKey] = at
			}
			for _, f := range fields {
				into, path := got, strings.Split(f.key, ".")
				for _, group := range path[:len(path)-1] {
					if into[group] == nil {
						into[group] = map[string]any{}
					}
					into = into[group].(map[string]any)
				}
				into[path[len(path)-1]] = f.value
			}
			return nil
		}}
	}, func(t *testing.T) map[string]any { return got })
}

func TestTerminalLines(t *testing.T) {
	at := time.Date(2026, 11, 20, 23, 59, 59, 0, time.UTC)
	for _, c := range []struct {
		name  string
		level slog.Level
		msg   string
		attrs []slog.Attr
		want  string
	}{
		{"a plain line", slog.LevelInfo, "strike locked", nil, "23:59:59 INFO  strike locked\n"},
		{"values stand behind their keys", slog.LevelWarn, "text refused",
			[]slog.Attr{slog.Int("code", 20003), slog.Group("via", slog.String("api", "twilio"))},
			"23:59:59 WARN  text refused code=20003 via.api=twilio\n"},
		{"a value with spaces is quoted", slog.LevelError, "broker away",
			[]slog.Attr{slog.Any("err", errors.New("dial tcp: refused"))}, "23:59:59 ERROR broker away err=\"dial tcp: refused\"\n"},
		{"an empty value is seen", slog.LevelInfo, "m", []slog.Attr{slog.String("ca", "")}, "23:59:59 INFO  m ca=\"\"\n"},
		{"nothing from outside forges a line or drives the terminal", slog.LevelInfo, "a\nb",
			[]slog.Attr{slog.String("topic", "x\n23:59:59 INFO"), slog.String("name", "\x1b[2J")},
			"23:59:59 INFO  \"a\\nb\" topic=\"x\\n23:59:59 INFO\" name=\"\\x1b[2J\"\n"},
		{"a time is short", slog.LevelInfo, "m", []slog.Attr{slog.Time("until", at)}, "23:59:59 INFO  m until=2026-11-20T23:59:59Z\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			r := slog.NewRecord(at, c.level, c.msg, 0)
			r.AddAttrs(c.attrs...)
			if err := (&handler{level: slog.LevelInfo, put: lines(&out)}).Handle(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJournalEntry(t *testing.T) {
	path, receive := listen(t)
	log := slog.New(&handler{level: slog.LevelDebug, put: journald(path)}).With("door", "front").WithGroup("mqtt")
	for _, c := range []struct {
		name string
		log  func()
		want map[string]string
	}{
		{"attributes are fields, their groups before them", func() { log.Info("published", "event-type", "ring", "seq", 41) },
			map[string]string{"MESSAGE": "published door=front mqtt.event-type=ring mqtt.seq=41", "PRIORITY": "6",
				"LATCHD_DOOR": "front", "LATCHD_MQTT_EVENT_TYPE": "ring", "LATCHD_MQTT_SEQ": "41"}},
		{"a value of several lines stays one value", func() { log.Error("failed", "err", "a\nPRIORITY=0\n") },
			map[string]string{"MESSAGE": `failed door=front mqtt.err="a\nPRIORITY=0\n"`, "PRIORITY": "3",
				"LATCHD_DOOR": "front", "LATCHD_MQTT_ERR": "a\nPRIORITY=0\n"}},
		{"a warning", func() { log.Warn("m") },
			map[string]string{"MESSAGE": "m door=front", "PRIORITY": "4", "LATCHD_DOOR": "front"}},
		{"a detail", func() { log.Debug("m") },
			map[string]string{"MESSAGE": "m door=front", "PRIORITY": "7", "LATCHD_DOOR": "front"}},
		{"a name is cut to what journald takes", func() { log.Info("m", strings.Repeat("x", 100), 1) },
			map[string]string{"MESSAGE": "m door=front mqtt." + strings.Repeat("x", 100) + "=1", "PRIORITY": "6",
				"LATCHD_DOOR": "front", "LATCHD_MQTT_" + strings.Repeat("X", 52): "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.log()
			c.want["SYSLOG_IDENTIFIER"] = "latchd"
			if diff := cmp.Diff(c.want, parseEntry(t, receive())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A journald that reads no more, as one that waits for a dying disk, must not hold up the door.
func TestStuckJournaldLosesRecordsAndHearsHowMany(t *testing.T) {
	path, receive := listen(t)
	put := journald(path)
	taken := 0
	for put(time.Time{}, slog.LevelInfo, "m", nil) == nil {
		if taken++; taken > 1<<20 {
			t.Fatal("the socket's queue took everything")
		}
	}
	if put(time.Time{}, slog.LevelInfo, "m", nil) == nil {
		t.Fatal("a full queue took one more")
	}
	for range taken {
		receive()
	}
	if err := put(time.Time{}, slog.LevelInfo, "back", nil); err != nil {
		t.Fatal(err)
	}
	if got := parseEntry(t, receive()); got["LATCHD_LOST"] != "2" {
		t.Errorf("the next record is %v, want LATCHD_LOST 2", got)
	}
}

func TestLoggerOutsideTerminalAndJournalWritesText(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Even where stderr is the journal's stream, a log that is led elsewhere is not.
	var stderr syscall.Stat_t
	if err := syscall.Fstat(2, &stderr); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JOURNAL_STREAM", fmt.Sprintf("%d:%d", stderr.Dev, stderr.Ino))
	log, flush := NewLogger(f, slog.LevelInfo)
	log.Debug("unseen")
	log.Info("strike locked", "door", "front")
	flush()
	if got := read(t, f.Name()); !strings.HasSuffix(got, " level=INFO msg=\"strike locked\" door=front\n") ||
		strings.Count(got, "\n") != 1 {
		t.Errorf("the log reads %q", got)
	}
}

func FuzzJournalEntry(f *testing.F) {
	f.Add("message", "key", "value")
	f.Add("two\nlines", "Schlüssel", "a\nPRIORITY=0")
	f.Add("", "", "\n")
	f.Fuzz(func(t *testing.T, msg, key, value string) {
		got := parseEntry(t, string(entry(slog.LevelInfo, msg, []field{{key, value}})))
		if got["PRIORITY"] != strconv.Itoa(6) || got[fieldName(key)] != value || len(got) != 4 {
			t.Errorf("%q, %q=%q became %q", msg, key, value, got)
		}
	})
}

// parseEntry reads the journal's native protocol as journald does, which drops fields with other names than these.
func parseEntry(t *testing.T, s string) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for s != "" {
		end := strings.IndexAny(s, "=\n")
		if end < 1 || end > 64 || strings.Trim(s[:end], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			t.Fatalf("no field's name at %q", s)
		}
		name, value := s[:end], ""
		if s[end] == '=' {
			value, s, _ = strings.Cut(s[end+1:], "\n")
		} else {
			n := int(binary.LittleEndian.Uint64([]byte(s[end+1:])))
			value, s = s[end+9:][:n], s[end+9+n+1:]
		}
		fields[name] = value
	}
	return fields
}
