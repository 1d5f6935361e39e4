package main

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"

	"github.com/postern-db/postern/internal/backlog"
	"github.com/postern-db/postern/server/config"
)

// serverLog is the log of a server: of the level that the configuration in use has, and written without anyone waiting for it.
type serverLog struct {
	*slog.Logger
	level slog.LevelVar
	lines *backlog.Writer
}

func newServerLog(w io.Writer) *serverLog {
	l := &serverLog{}
	l.lines = backlog.New(w, backlog.Config{OnLost: func(lines uint64) { l.Warn("log lines lost", "lines", lines) }})
	l.Logger = slog.New(newHandler(l.lines, isTerminal(w), &l.level))
	return l
}

// follow takes the level of a configuration. What has to do with requests the server decides itself.
func (l *serverLog) follow(level config.LogLevel) { l.level.Set(logLevel(level)) }

// Close writes what is left.
func (l *serverLog) Close() { _ = l.lines.Close() } // there is nowhere left to report to

// newLogger logs to w what has at least the level.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(newHandler(w, isTerminal(w), level))
}

// newHandler writes in colours for people on a terminal, else as JSON for machines. What clients send can be in the values, and
// nothing of it may act on a terminal or begin a line.
func newHandler(w io.Writer, terminal bool, level slog.Leveler) slog.Handler {
	if terminal {
		return tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, ReplaceAttr: forTerminal})
	}
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: forJSON})
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// forTerminal makes values printable, since tint passes the escape sequences in them on, and makes some out of the text \x1b.
func forTerminal(_ []string, a slog.Attr) slog.Attr {
	return cleaned(a, func(s string) string {
		return strings.ReplaceAll(escape(s, func(r rune) bool { return !unicode.IsPrint(r) }), `\x1b`, `\x1B`)
	})
}

// forJSON makes printable what JSON itself does not escape: it does so with the control characters of ASCII, but for DEL. A duration
// has its unit ("147ms"), where slog writes a bare number of nanoseconds.
func forJSON(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		return slog.String(a.Key, a.Value.Duration().String())
	}
	return cleaned(a, func(s string) string {
		return escape(s, func(r rune) bool { return r > ' ' && !unicode.IsPrint(r) })
	})
}

// cleaned applies clean to text, and to what will be text: errors and all that is no number, time or the like.
func cleaned(a slog.Attr, clean func(string) string) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(clean(a.Value.String()))
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case slog.Level, *slog.Source, nil:
		case error:
			a.Value = slog.StringValue(clean(v.Error()))
		case encoding.TextMarshaler:
			text, err := v.MarshalText()
			if err != nil {
				text = []byte(err.Error())
			}
			a.Value = slog.StringValue(clean(string(text)))
		default:
			a.Value = slog.StringValue(clean(fmt.Sprintf("%+v", v)))
		}
	}
	return a
}

// escape writes characters as Go does in a string where unfit says so. What is not UTF-8 becomes U+FFFD.
func escape(s string, unfit func(rune) bool) string {
	if strings.IndexFunc(s, func(r rune) bool { return r == unicode.ReplacementChar || unfit(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unfit(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
