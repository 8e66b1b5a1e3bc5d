package systemd

import (
	"encoding/binary"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
)

const journalSocket = "/run/systemd/journal/socket"

// journald sends records to the socket in the journal's native protocol
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). The journal stamps the time itself.
//
// It is not journal.Send, which waits as long as journald does, on a dying SD card for ever.
func journald(socket string) sink {
	var lost atomic.Int64
	return func(_ time.Time, level slog.Level, msg string, fields []field) error {
		missed := lost.Swap(0)
		if missed > 0 {
			fields = append(fields[:len(fields):len(fields)], field{"lost", strconv.FormatInt(missed, 10)})
		}
		err := send(socket, entry(level, msg, fields))
		if err != nil {
			lost.Add(missed + 1)
		}
		return err
	}
}

// entry is a record as journald reads it.
func entry(level slog.Level, msg string, fields []field) []byte {
	b := appendField(nil, "MESSAGE", sentence(msg, fields))
	b = appendField(b, "PRIORITY", strconv.Itoa(int(priority(level))))
	b = appendField(b, "SYSLOG_IDENTIFIER", "latchd")
	for _, f := range fields {
		b = appendField(b, fieldName(f.key), f.value)
	}
	return b
}

func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	if strings.Contains(value, "\n") {
		b = append(b, '\n')
		b = binary.LittleEndian.AppendUint64(b, uint64(len(value)))
	} else {
		b = append(b, '=')
	}
	b = append(b, value...)
	return append(b, '\n')
}

// fieldName turns "mqtt.door" into LATCHD_MQTT_DOOR. journald takes A to Z, 0 to 9 and _, 64 bytes at the most.
func fieldName(key string) string {
	name := "LATCHD_" + strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, key)
	return name[:min(len(name), 64)]
}

func priority(l slog.Level) journal.Priority {
	switch {
	case l >= slog.LevelError:
		return journal.PriErr
	case l >= slog.LevelWarn:
		return journal.PriWarning
	case l >= slog.LevelInfo:
		return journal.PriInfo
	}
	return journal.PriDebug
}
