// Package callbacktest is a plugin to test callbacks with, and the phone at its other end: a login that waits for an approval, a
// binding that waits for a phone, a system that can only be asked about, a push token that dies.
package callbacktest
