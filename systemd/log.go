package systemd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/term"
)

// NewLogger returns a log in the form that suits where stderr leads: lines for people on a terminal, structured fields in
// systemd's journal when stderr is its stream (systemd.exec(5), JOURNAL_STREAM), else slog's key=value text. Records
// below level are dropped.
//
// In the journal, attribute "door" in group "mqtt" becomes LATCHD_MQTT_DOOR; MESSAGE repeats the attributes for those who
// read only that.
//
// Logging never waits: records that nobody takes are lost, and one that gets through later says how many. flush is for the
// end of the program: it waits for what is under way, for two seconds at the most, and nothing is logged after it.
func NewLogger(stderr *os.File, level slog.Leveler) (log *slog.Logger, flush func()) {
	if ours, err := journal.StderrIsJournalStream(); ours && err == nil && stderr == os.Stderr {
		return slog.New(&handler{level: level, put: journald(journalSocket)}), func() {}
	}
	p := newPatient(stderr)
	if term.IsTerminal(int(stderr.Fd())) {
		return slog.New(&handler{level: level, put: lines(p)}), p.flush
	}
	return slog.New(slog.NewTextHandler(p, &slog.HandlerOptions{Level: level})), p.flush
}

// A field is an attribute in its final form; the names of its groups stand before its key, with dots between.
type field struct{ key, value string }

// A sink takes one record. It must be safe for concurrent use, as slog demands of a handler.
type sink func(at time.Time, level slog.Level, msg string, fields []field) error

// handler flattens attributes and groups for its sink.
type handler struct {
	level  slog.Leveler
	put    sink
	fields []field // from WithAttrs
	group  string  // from WithGroup: "a.b."
}

func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	fields := slices.Clip(h.fields)
	r.Attrs(func(a slog.Attr) bool {
		fields = appendAttr(fields, h.group, a)
		return true
	})
	return h.put(r.Time, r.Level, r.Message, fields)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.fields = slices.Clip(h.fields)
	for _, a := range attrs {
		with.fields = appendAttr(with.fields, h.group, a)
	}
	return &with
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.group += name + "."
	return &with
}

// appendAttr follows slog.Handler's rules: values are resolved, empty attributes left out, groups without a name inlined.
func appendAttr(fields []field, group string, a slog.Attr) []field {
	a.Value = a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
		return fields
	case a.Value.Kind() == slog.KindGroup:
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, b := range a.Value.Group() {
			fields = appendAttr(fields, group, b)
		}
		return fields
	case a.Value.Kind() == slog.KindTime:
		return append(fields, field{group + a.Key, a.Value.Time().Format(time.RFC3339Nano)})
	}
	return append(fields, field{group + a.Key, a.Value.String()})
}

// lines writes "15:04:05 WARN  what happened key=value" to w, a line with one call, as io.Writers for terminals take it.
func lines(w io.Writer) sink {
	return func(at time.Time, level slog.Level, msg string, fields []field) error {
		stamp := ""
		if !at.IsZero() {
			stamp = at.Format(time.TimeOnly) + " "
		}
		_, err := fmt.Fprintf(w, "%s%-5s %s\n", stamp, level, sentence(msg, fields))
		return err
	}
}

// sentence is the record as one line of text.
func sentence(msg string, fields []field) string {
	var b strings.Builder
	b.WriteString(quote(msg, unicode.IsControl))
	for _, f := range fields {
		b.WriteByte(' ')
		b.WriteString(f.key)
		b.WriteByte('=')
		if f.value == "" {
			b.WriteString(`""`)
		}
		b.WriteString(quote(f.value, func(r rune) bool { return r <= ' ' || r == '=' || r == '"' || !unicode.IsPrint(r) }))
	}
	return b.String()
}

// quote keeps what came from outside from forging a line or driving the terminal.
func quote(s string, unsafe func(rune) bool) string {
	if strings.ContainsFunc(s, unsafe) {
		return strconv.Quote(s)
	}
	return s
}
