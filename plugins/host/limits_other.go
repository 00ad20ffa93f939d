//go:build unix && !linux

package host

// limit does nothing: only Linux can limit another process.
func limit(int, Limits) error { return nil }
