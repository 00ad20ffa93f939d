package host

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// What a plugin may say: a broken one must not fill the host's disk.
const (
	maxLogLine    = 8 << 10
	logsPerSecond = 100
	logBurst      = 400
)

// logs forwards what a plugin writes to the host's log, as fields of a constant message: a plugin cannot forge a record.
type logs struct {
	log *slog.Logger // with the instance's name
	now func() time.Time

	mu      sync.Mutex
	tokens  float64
	filled  time.Time
	dropped int
	last    string // the last line said
	panics  bool   // a panic began: what follows is its stack
}

func newLogs(log *slog.Logger) *logs {
	return &logs{log: log, now: time.Now, tokens: logBurst, filled: time.Now()}
}

// copy forwards line by line until r ends.
func (l *logs) copy(stream string, r io.Reader) {
	buffered := bufio.NewReaderSize(r, maxLogLine)
	for {
		line, err := buffered.ReadSlice('\n')
		l.line(stream, line)
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a line over the limit
			_, err = buffered.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}

func (l *logs) line(stream string, line []byte) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return
	}
	level, message, fields := parseLog(line)
	l.mu.Lock()
	defer l.mu.Unlock()
	if fields == nil {
		l.panics = l.panics || strings.HasPrefix(message, "panic: ") || strings.HasPrefix(message, "fatal error: ")
		if l.panics {
			level = slog.LevelError
		}
	}
	l.last = message[:min(len(message), 200)]
	if !l.allow() {
		l.dropped++
		return
	}
	if l.dropped > 0 {
		l.log.Warn("plugin log lines dropped", "count", l.dropped)
		l.dropped = 0
	}
	l.log.LogAttrs(context.Background(), level, "plugin log",
		slog.String("stream", stream), slog.String("text", message), slog.Attr{Key: "fields", Value: slog.GroupValue(fields...)})
}

// allow is a token bucket.
func (l *logs) allow() bool {
	now := l.now()
	l.tokens = min(logBurst, l.tokens+now.Sub(l.filled).Seconds()*logsPerSecond)
	l.filled = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}

func (l *logs) lastLine() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// parseLog understands hclog's JSON; any other line is a message by itself.
func parseLog(line []byte) (slog.Level, string, []slog.Attr) {
	var entry map[string]any
	if line[0] != '{' || json.Unmarshal(line, &entry) != nil {
		return slog.LevelInfo, strings.ToValidUTF8(string(line), "�"), nil
	}
	message, ok := entry["@message"].(string)
	if !ok {
		return slog.LevelInfo, strings.ToValidUTF8(string(line), "�"), nil
	}
	name, _ := entry["@level"].(string)
	fields := make([]slog.Attr, 0, len(entry))
	for key, value := range entry {
		if !strings.HasPrefix(key, "@") {
			fields = append(fields, slog.Any(key, value))
		}
	}
	return parseLevel(name), message, fields
}

func parseLevel(name string) slog.Level {
	switch strings.ToLower(name) {
	case "trace", "debug":
		return slog.LevelDebug
	case "warn", "warning":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}
