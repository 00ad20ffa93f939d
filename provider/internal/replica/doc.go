// Package replica knows which versions of plugins the live replicas run, so that during a rolling upgrade no plugin writes a
// state, or a credential, that an older one on another replica cannot read, and the upgrade can be taken back.
//
// Each replica announces what it runs every few seconds and reads what the others announced. A replica counts as live while
// its announcements change, measured by the reader's own clock: clocks that disagree neither bury the living nor raise the
// dead. Whoever does not know, says the version before its own, which every plugin must be able to write.
//
// This package owns the announcements. It does not own plugins, their states, or what is written in them.
package replica
